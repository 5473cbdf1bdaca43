"""Control: the commands of this machine's terminal come in as the built-in local user.

They read the control token from DATA/run/node.json, which only the account that runs the node can read,
and exchange it for a short login. It is another token at each start.
"""

import secrets

from actors.messages.accounts import AccountRow
from web.accounts import LOCAL, LOCAL_NAME
from web.peer import Peer
from web.protocol.accounts import ControlToken
from web.refusal import RefusedError

LOCAL_ACCOUNT = AccountRow(LOCAL, LOCAL_NAME, "local", "")


def local_account(given: ControlToken, token: str, peer: Peer) -> AccountRow:
    """Raises RefusedError: from elsewhere, or with another token."""
    right = secrets.compare_digest(given.token.encode(), token.encode())
    if not (right and peer.loopback and token):
        raise RefusedError(403, "control", "The control token opens this node from its own machine only.")
    return LOCAL_ACCOUNT
