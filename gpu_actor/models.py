"""The model that the engine is to run: where it is, what it is called, and the hash of its files."""

import difflib
import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct

from deploy.cache import model_path
from deploy.stamps import write_in_one_move
from gpu_actor.engine.gguf_file import PART_NAME, part_paths
from gpu_actor.engine.huggingface_folder import CONFIG, folder_files, is_model_folder
from gpu_actor.engine.quantised_model import WeightForm
from gpu_actor.troubles import CacheFolderError, ModelNotFoundError

HASHES = "model-hashes.json"
CHUNK = 1 << 22
NAMES_SHOWN = 5  # in a complaint


class ChosenModel(Struct, frozen=True):
    """`path`: a file, the first of several parts, or a folder. `sha256`: of the file, or over the names and
    hashes of the files, hex; where `weights` are quantised here, over that and their form. `demonstration`:
    the small model that the set-up fetched.
    """

    path: Path
    sha256: str
    demonstration: bool
    weights: WeightForm = "stored"

    @property
    def name(self) -> str:
        """What people call the model."""
        return model_name(self.path)


class KnownHash(Struct, frozen=True):
    size: int
    modified_ns: int
    sha256: str


def choose_model(named: str, cache: Path, weights: WeightForm = "stored") -> ChosenModel:
    """What `named` means: a GGUF file, a folder of Hugging Face, a folder that holds one model, or a name
    of `samovar model list`; the demonstration model where it is empty. ModelNotFoundError says what is
    near where there is none. `cache` is the folder of deploy.cache.
    """
    path = find_model(named, cache)
    sha256 = model_hash(path, cache)
    if weights != "stored":
        # Another model: nothing that was made with one of them is used with the other.
        sha256 = hashlib.sha256(f"{sha256} {weights}".encode()).hexdigest()
    return ChosenModel(path, sha256, demonstration=path == model_path(cache), weights=weights)


def find_model(named: str, cache: Path) -> Path:
    path = Path(named).expanduser().absolute() if named else model_path(cache)
    if path.is_file() or is_model_folder(path):
        return first_part(path)
    if path.is_dir():
        return only_model_of(path)
    if named:
        return model_of_the_cache(named, cache, path)
    raise ModelNotFoundError(
        f"there is no model file at {path}; name one with --model PATH, "
        "or fetch the demonstration model with `python3 -m deploy setup`"
    )


def only_model_of(folder: Path) -> Path:
    found = models_below(folder)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found[:NAMES_SHOWN])
        raise ModelNotFoundError(
            f"{folder} holds {len(found)} models; name one of them with --model: {names}"
        )
    raise ModelNotFoundError(f"{folder} holds no GGUF file and is no model folder (it has no config.json)")


def model_of_the_cache(named: str, cache: Path, path: Path) -> Path:
    """The model of the cache with this name or this end of a name, whatever the case of its letters."""
    names = cached_models(cache)
    wanted = named.replace("\\", "/").removesuffix(".gguf").lower()
    found = [each for name, each in names.items() if name.lower() == wanted]
    found = found or [each for name, each in names.items() if name.lower().rpartition("/")[2] == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(name for name, each in names.items() if each in found)
        raise ModelNotFoundError(f"{named!r} is the name of {len(found)} models of the cache: {several}")
    lowered = {name.lower(): name for name in names} | {n.lower().rpartition("/")[2]: n for n in names}
    near = dict.fromkeys(
        lowered[each] for each in difflib.get_close_matches(wanted, lowered, NAMES_SHOWN, 0.5)
    )
    hint = f" (near it: {', '.join(near)})" if near else ""
    raise ModelNotFoundError(
        f"there is no model file at {path}; name one with --model PATH, or one of `samovar model list`{hint}"
    )


def cached_models(cache: Path) -> dict[str, Path]:
    """Name → path of the models in the cache, in the order of their names."""
    folder = cache / "models"
    return {path.relative_to(folder).as_posix().removesuffix(".gguf"): path for path in models_below(folder)}


def models_below(folder: Path) -> list[Path]:
    """GGUF files (of several parts the first) and model folders, in the order of their paths."""
    ggufs = [path for path in folder.rglob("*.gguf") if path.is_file() and first_part(path) == path]
    folders = [path.parent for path in folder.rglob(CONFIG) if is_model_folder(path.parent)]
    return sorted(path for path in [*ggufs, *folders] if not path.name.lower().startswith("mmproj"))


def first_part(path: Path) -> Path:
    """The first file of a GGUF that was split, or the path itself."""
    named = PART_NAME.fullmatch(path.name)
    if named is None:
        return path
    first = path.with_name(f"{named['stem']}-00001-of-{named['count']}.gguf")
    return first if first.is_file() else path


def model_name(path: Path) -> str:
    named = PART_NAME.fullmatch(path.name)
    if named is not None:
        return named["stem"]
    return path.stem if path.suffix == ".gguf" else path.name


def model_files(path: Path) -> list[Path]:
    """All files of the model."""
    return folder_files(path) if path.is_dir() else part_paths(path)


def model_hash(path: Path, cache: Path) -> str:
    """SHA-256 of the model, hex: of its file, or over the names and hashes of its files."""
    files = model_files(path)
    hashes = [file_hash(each, cache) for each in files]
    if len(files) == 1:
        return hashes[0]
    listed = "".join(f"{each} {file.name}\n" for file, each in zip(files, hashes, strict=True))
    return hashlib.sha256(listed.encode()).hexdigest()


def file_hash(path: Path, cache: Path) -> str:
    """SHA-256 of the file, hex; remembered until its size or time of change differs."""
    facts = path.stat()
    known = known_hashes(cache).get(str(path))
    if known is not None and (known.size, known.modified_ns) == (facts.st_size, facts.st_mtime_ns):
        return known.sha256
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    remember_hash(path, digest.hexdigest(), cache)
    return digest.hexdigest()


def remember_hash(path: Path, sha256: str, cache: Path) -> None:
    """The SHA-256 of the file as it is now."""
    facts = path.stat()
    hashes = known_hashes(cache)
    hashes[str(path)] = KnownHash(facts.st_size, facts.st_mtime_ns, sha256)
    try:
        write_in_one_move(cache / HASHES, msgspec.json.encode(hashes).decode())
    except OSError as error:
        raise CacheFolderError(
            f"the cache folder {cache} cannot be written: {error.strerror or error}; "
            "make room there, or choose another folder with SAMOVAR_CACHE"
        ) from error


def known_hashes(cache: Path) -> dict[str, KnownHash]:
    """What was remembered; nothing where it cannot be read, for it can be made again."""
    try:
        return msgspec.json.decode((cache / HASHES).read_bytes(), type=dict[str, KnownHash])
    except (OSError, msgspec.MsgspecError):
        return {}
