"""The tables. A change here needs a migration: orm.py says how to write one.

Every row carries node_id, the web node that wrote it, and user_id, whose it is. Times are UTC
milliseconds. Text of people and models is sealed: a column X is the triple X_key_id (the data key),
X_suite (the cipher) and X_blob (sealing.py says what is bound to it). What a table is for stands in
a comment above it, since Tortoise would write a docstring into the schema.
"""

from tortoise import fields
from tortoise.models import Model

from storage.fields import DigestField, IdField, TermsField


class Account(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()  # itself
    name = fields.CharField(max_length=200, unique=True)
    role = fields.CharField(max_length=20)
    password_hash = fields.CharField(max_length=500)
    created_ms = fields.BigIntField()

    class Meta(Model.Meta):
        table = "account"


class Login(Model):
    token_hash = DigestField(primary_key=True)  # SHA-256 of the token
    node_id = IdField()
    user: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("storage.Account")
    created_ms = fields.BigIntField()
    expires_ms = fields.BigIntField()

    class Meta(Model.Meta):
        table = "login"


# A random key. It seals one conversation, or (conversation_id is null) the node's characters.
class DataKey(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation_id = IdField(null=True, db_index=True)
    created_ms = fields.BigIntField()

    class Meta(Model.Meta):
        table = "data_key"


# A data key, sealed for one who may open it: `recipient` is the id of a key-encryption key.
class WrappedKey(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    data_key: fields.ForeignKeyRelation[DataKey] = fields.ForeignKeyField("storage.DataKey")
    recipient = IdField()
    suite = fields.SmallIntField()
    blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "wrapped_key"
        unique_together = (("data_key_id", "recipient"),)


# Immutable. `sheet` holds the sheet, the tagline and the tags; `card` the card as it came.
class CharacterVersion(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    character_id = IdField(db_index=True)
    content_hash = DigestField()
    portrait = fields.CharField(max_length=64)
    thumb = fields.CharField(max_length=64, db_default="")  # the portrait, small
    created_ms = fields.BigIntField()
    sheet_key_id = IdField()
    sheet_suite = fields.SmallIntField()
    sheet_blob = fields.BinaryField()
    card_key_id = IdField()
    card_suite = fields.SmallIntField()
    card_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "character_version"


# A character: `user_id` owns it; `shared`: all users see it. `current_version` is the one that the gallery
# shows. `removed_ms` is not 0 where its owner removed it; its versions stay, since conversations hold them.
class CharacterOwner(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    shared = fields.BooleanField()
    removed_ms = fields.BigIntField(db_default=0)
    created_ms = fields.BigIntField()
    current_version = IdField(null=True)  # never null: the migration that brought it filled it in

    class Meta(Model.Meta):
        table = "character_owner"


# The file that a version was imported from, as it came; `id` is the version's.
class CharacterFile(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    size = fields.BigIntField()  # bytes
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "character_file"


# A character that the user marked.
class Favourite(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    character_id = IdField()

    class Meta(Model.Meta):
        table = "favourite"
        unique_together = (("user_id", "character_id"),)


# A lorebook of a user's: `version` is its newest, `digest` that of the text, `size` what goes to a GPU box of
# it, in bytes. `removed_ms` is not 0 where its owner removed it; until it is purged it can come back.
class Lorebook(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    version = IdField()
    digest = DigestField()
    entries = fields.IntField()
    size = fields.BigIntField()
    created_ms = fields.BigIntField()
    changed_ms = fields.BigIntField()
    removed_ms = fields.BigIntField(db_default=0)
    name_key_id = IdField()
    name_suite = fields.SmallIntField()
    name_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "lorebook"


# Immutable. `sheet` is what goes to a GPU box, `file` the file as it came, or as it was changed last.
# `replaced_ms` is not 0 where another one took its place: a reply under way may want it for a while.
class LorebookVersion(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    lorebook_id = IdField(db_index=True)
    replaced_ms = fields.BigIntField()
    sheet_key_id = IdField()
    sheet_suite = fields.SmallIntField()
    sheet_blob = fields.BinaryField()
    file_key_id = IdField()
    file_suite = fields.SmallIntField()
    file_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "lorebook_version"


# A lorebook is attached to what `scope` says: a character, a persona, a conversation, whose id is `target`;
# or to everything of the user, where `target` is zeros.
class LorebookUse(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    lorebook_id = IdField()
    scope = fields.CharField(max_length=20)
    target = IdField()

    class Meta(Model.Meta):
        table = "lorebook_use"
        unique_together = (("lorebook_id", "scope", "target"),)


# Somebody that its user is in conversations; `body` holds name and description.
class Persona(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    portrait = fields.CharField(max_length=64)
    thumb = fields.CharField(max_length=64)
    created_ms = fields.BigIntField()
    removed_ms = fields.BigIntField(db_default=0)
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "persona"


# Settings of replies with a name; `body` holds both.
class Preset(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    created_ms = fields.BigIntField()
    removed_ms = fields.BigIntField(db_default=0)
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "preset"


# What a user has chosen for a conversation, a character, or (`about` is the user) for all of them.
class Choice(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    about = IdField(db_index=True)
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "choice"
        unique_together = (("user_id", "about"),)


class Conversation(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("storage.Account")
    character_version: fields.ForeignKeyRelation[CharacterVersion] = fields.ForeignKeyField(
        "storage.CharacterVersion", on_delete=fields.RESTRICT
    )
    root = IdField()
    head = IdField()
    created_ms = fields.BigIntField()
    updated_ms = fields.BigIntField()  # its last use, by the times of its messages and generations
    title_key_id = IdField()
    title_suite = fields.SmallIntField()
    title_blob = fields.BinaryField()
    user_name_key_id = IdField()
    user_name_suite = fields.SmallIntField()
    user_name_blob = fields.BinaryField()
    titled_by = fields.CharField(max_length=20, db_default="person")  # "": nobody yet
    summarise = fields.BooleanField(db_default=True)

    class Meta(Model.Meta):
        table = "conversation"
        indexes = (("user_id", "updated_ms"),)


# The members of a conversation that has, or had, several, and how they take turns; `id` is its own.
class ConversationGroup(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    group_key_id = IdField()
    group_suite = fields.SmallIntField()
    group_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "conversation_group"


# A folder of a user's conversations. Its name is sealed under the node's key for what belongs to none.
class Folder(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField(db_index=True)
    position = fields.IntField()
    created_ms = fields.BigIntField()
    name_key_id = IdField()
    name_suite = fields.SmallIntField()
    name_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "folder"


# How a user has ordered a conversation; none while nothing was said of it. Times are 0 where it is not so.
# `tags` holds a list of them. `removed_ms`: it is hidden from all, and dropped some days later.
class Filing(Model):
    id = fields.BigIntField(primary_key=True)
    conversation: fields.OneToOneRelation[Conversation] = fields.OneToOneField("storage.Conversation")
    node_id = IdField()
    user_id = IdField(db_index=True)
    folder = IdField(null=True)
    pinned_ms = fields.BigIntField(db_default=0)
    archived_ms = fields.BigIntField(db_default=0)
    removed_ms = fields.BigIntField(db_default=0)
    tags_key_id = IdField()
    tags_suite = fields.SmallIntField()
    tags_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "filing"


# What the index of words has of a message, or of a title (`message` is then the conversation's id). `terms`
# are keyed hashes (search/terms.py says which). On SQLite the tables search_stem and search_prefix lie
# beside it, whose rows have the same ids.
class SearchEntry(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "storage.Conversation", db_index=True
    )
    message = IdField(unique=True)
    created_ms = fields.BigIntField()
    terms = TermsField()

    class Meta(Model.Meta):
        table = "search_entry"


# A message, or a title, that the index does not have yet as it is.
class SearchPending(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "storage.Conversation", db_index=True
    )
    message = IdField(unique=True)

    class Meta(Model.Meta):
        table = "search_pending"


# What the index has of what is no message: a part of a thing, say an entry of a lorebook (search/things.py
# has the kinds). `digest` is a keyed hash of its text. The terms of what is `shared` are made with the key of
# all users, those of the rest with the user's. Beside it lie search_thing_stem and search_thing_prefix.
class SearchThing(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    kind = fields.CharField(max_length=20)
    thing = IdField(db_index=True)
    part = fields.IntField()
    conversation_id = IdField(null=True, db_index=True)
    shared = fields.BooleanField()
    changed_ms = fields.BigIntField()
    digest = DigestField()
    terms = TermsField()

    class Meta(Model.Meta):
        table = "search_thing"


# A thing that the index does not have yet as it is; it may wait more than once.
class SearchThingPending(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    kind = fields.CharField(max_length=20)
    thing = IdField(db_index=True)

    class Meta(Model.Meta):
        table = "search_thing_pending"


# Immutable. The root is its own parent and has sibling -1, so that it takes no child's place. `body` holds
# the text, and the thoughts of a model that thinks.
class Message(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField("storage.Conversation")
    parent = IdField()
    sibling = fields.IntField()
    role = fields.CharField(max_length=20)
    character_version: fields.ForeignKeyRelation[CharacterVersion] = fields.ForeignKeyField(
        "storage.CharacterVersion", on_delete=fields.RESTRICT
    )
    created_ms = fields.BigIntField()
    request_key = IdField(null=True)
    generation = IdField(null=True)
    ended = fields.CharField(max_length=200)
    tokens = fields.IntField()
    seam = fields.IntField(db_default=-1)
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "message"
        unique_together = (("conversation_id", "parent", "sibling"),)


# A summary of the messages up to one, whose id it has, on the branch that leads there; stale where one of
# them is another since.
class Summary(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField("storage.Conversation")
    author = fields.CharField(max_length=20)
    created_ms = fields.BigIntField()
    stale = fields.BooleanField(db_default=False)
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "summary"


# How a message came about; `id` is the message's. Apart from it, since it is seldom read.
class MessageTrace(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField("storage.Conversation")
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "message_trace"
        unique_together = (("conversation_id", "id"),)


# What people did with a message since: `id` is the message's. `removed`: "", "alone" or "branch".
class MessageMark(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField("storage.Conversation")
    removed = fields.CharField(max_length=20)
    bookmark_key_id = IdField()
    bookmark_suite = fields.SmallIntField()
    bookmark_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "message_mark"
        indexes = (("conversation_id",),)


# Other words for a message, in its place: the newest (by number) holds. `body` as in a message.
class MessageRevision(Model):
    id = IdField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField("storage.Conversation")
    message = IdField()
    number = fields.IntField()
    created_ms = fields.BigIntField()
    request_key = IdField(null=True)
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "message_revision"
        unique_together = (("message", "number"),)
        indexes = (("conversation_id",),)


# `inputs` holds the text and the thoughts that the reply goes on from, the sampling, the hint, and what came
# of an impersonation.
class Generation(Model):
    id = IdField(primary_key=True)
    node_id = IdField()  # after a lease: the node that holds it
    user_id = IdField()
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField("storage.Conversation")
    parent = IdField()
    message = IdField()
    request_key = IdField()
    kind = fields.CharField(max_length=20)
    seed = fields.BigIntField()
    created_ms = fields.BigIntField()
    state = fields.CharField(max_length=20, db_index=True)
    attempt = fields.IntField()
    worker = fields.CharField(max_length=200)
    worker_boot = IdField(null=True)
    model = fields.CharField(max_length=200)
    prompt_digest = DigestField()
    engine_digest = DigestField(null=True)  # null: not known
    seam = fields.IntField(db_default=-1)
    reason = fields.CharField(max_length=200)
    why = fields.TextField()
    inputs_key_id = IdField()
    inputs_suite = fields.SmallIntField()
    inputs_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "generation"
        unique_together = (("conversation_id", "request_key"),)


# Tokens first_seq ≤ i < first_seq + count of a generation under way; `body` holds ids,
# text and thoughts.
class GenerationChunk(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    generation: fields.ForeignKeyRelation[Generation] = fields.ForeignKeyField("storage.Generation")
    attempt = fields.IntField()
    first_seq = fields.IntField()
    count = fields.IntField()
    body_key_id = IdField()
    body_suite = fields.SmallIntField()
    body_blob = fields.BinaryField()

    class Meta(Model.Meta):
        table = "generation_chunk"
        unique_together = (("generation_id", "first_seq"),)


# The newest chunks of all generations, a row for each transaction; storage/journal.py.
class ChunkJournal(Model):
    id = fields.BigIntField(primary_key=True, generated=False)
    node_id = IdField()
    body = fields.BinaryField()

    class Meta(Model.Meta):
        table = "chunk_journal"


# How many tokens were written for a user on a day (days since 1970, UTC); it outlives the conversations.
class Spending(Model):
    id = fields.BigIntField(primary_key=True)
    node_id = IdField()
    user_id = IdField()
    day = fields.IntField(db_index=True)
    tokens = fields.BigIntField()

    class Meta(Model.Meta):
        table = "spending"
        unique_together = (("user_id", "day"),)


# The weight of a user in the queue, where it is not 1.
class QueueShare(Model):
    user_id = IdField(primary_key=True)
    node_id = IdField()
    share = fields.FloatField()

    class Meta(Model.Meta):
        table = "queue_share"


# A GPU box that gets nothing new; `user_id` wanted it so.
class DrainedBox(Model):
    name = fields.CharField(max_length=200, primary_key=True)
    node_id = IdField()
    user_id = IdField()

    class Meta(Model.Meta):
        table = "drained_box"
