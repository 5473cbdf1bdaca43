"""The systemd unit: what the service may do, and that it comes back."""

from deploy.vds.places import SERVICE, USER, Places

# Where a line is not plain, its reason:
#   ExecStopPost         replies wait for a supervisor that was killed; one that ended by itself has said
#                        why, and need not say it ten times a second
#   KillMode=mixed       the supervisor is told alone and stops its children in their order; what is left is
#                        killed by the kernel
#   OOMPolicy=continue   the supervisor starts a child again that the kernel killed for its memory
#   LimitNOFILE          a reader is a socket
#   LimitNICE            a process that loads ahead gives way to all others (supervisor/hush.py), and may come
#                        back from that
#   NoExecPaths          nothing that was uploaded is ever run
#   AF_NETLINK, sched_…  libzmq ends the process where it may not ask for these
#   ProcSubset           is left alone: psutil reads when the machine started from /proc/stat
UNIT = """\
# Written by Samovar's install.sh, and written anew at each upgrade.
# What is to be different stands in a file of yours: systemctl edit {service}
[Unit]
Description=Samovar, web node
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
Group={user}
Environment=SAMOVAR_DATA={data}
ExecStart={samovar} up --role web
Restart=always
RestartSec=20ms
ExecStopPost=/bin/sh -c 'test "$$SERVICE_RESULT" != exit-code || sleep 2'
KillMode=mixed
TimeoutStopSec=20
OOMPolicy=continue
LimitNOFILE=65536
LimitNICE=+0
TasksMax=256
UMask=0077
StateDirectory=samovar
StateDirectoryMode=0700

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateIPC=yes
PrivateTmp=yes
PrivateUsers=yes
RemoveIPC=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoExecPaths={data} /tmp /var/tmp /dev/shm
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=sched_setparam sched_setscheduler
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def unit_text(places: Places) -> str:
    return UNIT.format(
        service=SERVICE, user=USER, data=places.data, samovar=places.current / "bin" / "samovar"
    )


COMMAND = """\
#!/bin/sh
# Written by Samovar's install.sh: the command of the node on this server, as its own user.
set -eu
SAMOVAR_DATA={data}
export SAMOVAR_DATA
if [ "$(id -u)" -eq 0 ]; then
    cd {data}
    exec setpriv --reuid={user} --regid={user} --init-groups --no-new-privs \\
        env HOME={data} {samovar} "$@"
fi
exec sudo "$0" "$@"
"""


def command_text(places: Places) -> str:
    """The script /usr/local/bin/samovar."""
    return COMMAND.format(user=USER, data=places.data, samovar=places.current / "bin" / "samovar")
