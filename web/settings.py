"""Settings of the edge: section [web] of samovar.toml."""

from msgspec import Struct


class WebSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the edge listens, whom it lets in, and how much of everything it takes."""

    # -- listening
    host: str = "127.0.0.1"  # address to listen on; another one than loopback needs TLS or a proxy
    port: int = 8080  # 0: any free one
    hosts: tuple[str, ...] = ()  # names under which browsers reach this server, besides localhost
    behind_proxy: bool = False  # a reverse proxy in front speaks https with the browsers
    tls_certificate: str = ""  # PEM file; with tls_key: this server speaks https itself
    tls_key: str = ""  # PEM file
    connections: int = 2_048  # open connections of all kinds; further ones get a 503
    stop_s: float = 2.0  # most time a graceful stop takes

    # -- requests
    body_bytes: int = 65_536  # largest body of a request
    body_s: float = 10.0  # most time a body may take to arrive
    gathered: int = 100  # logins, or owners of conversations, that are looked up in one question
    ask_s: float = 5.0  # most time the archive or a session may take to answer
    conversations_per_minute: int = 60  # new conversations of one user
    prompt_bytes: int = 4_194_304  # the body of a request with a whole card, or with texts to count
    counted_texts: int = 512  # texts whose tokens are counted at once
    preview_bytes: int = 3_000_000  # character and lorebooks of a prompt that is built for a look
    previews_per_minute: int = 240  # prompts that are shown and texts that are counted, of one user
    preview_s: float = 10.0  # most time for one, longer than preview.deadline_s; then there is an estimate
    searches_per_s: float = 5.0  # searches of one user, in the long run
    searches_burst: int = 30  # … and at once

    # -- accounts
    accounts: int = 500  # accounts of people; further ones are refused
    login_days: int = 30  # a login ends after so many days
    local_login_s: int = 3_600  # a login of the terminal ends after so long
    password_min: int = 8  # characters
    password_workers: int = 2  # passwords hashed at once: 64 MiB and 150 ms each
    password_waiting: int = 16  # password checks that may wait; further ones are refused for the moment
    login_failures: int = 10  # wrong passwords from one address before it has to wait
    login_pause_s: float = 30.0  # … this long for each further try
    account_failures: int = 20  # wrong passwords for one name, from anywhere, before it answers slowly
    account_delay_s: float = 2.0  # … this much slower: nobody is ever locked out
    code_failures: int = 5  # wrong one-time codes before a new one is printed

    # -- sockets
    sockets: int = 1_024  # open WebSockets of all users
    sockets_per_user: int = 16
    greeting_s: float = 10.0  # most time until the client's first frame
    frame_bytes: int = 262_144  # largest frame of a client
    ping_s: float = 20.0  # pause between pings, and the time a pong may take
    commands_per_s: float = 10.0  # commands of one socket, in the long run
    commands_burst: int = 40  # … and at once; as many again, refused, and the socket is closed
    open_conversations: int = 8  # conversations one socket may read
    outbox_events: int = 256  # events that may wait for a slow reader
    outbox_bytes: int = 1_048_576  # … and their size; beyond, the reader gets a snapshot later
    login_check_s: float = 60.0  # how often the login of an open socket is looked at again
    state_pause_s: float = 0.25  # least pause between two NodeStates, or two ConversationsChanged
    states_per_s: float = 200.0  # NodeStates to all sockets together, in the long run
    watch_s: float = 5.0  # how often the queue is asked to report to us, should it have forgotten
