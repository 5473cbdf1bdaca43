"""Checks of a rented server: the service, Caddy, the name, the certificate."""

from collections.abc import Iterator

from deploy.vds.places import SERVICE
from supervisor.doctor.finding import Finding, ok, problem, warning
from supervisor.doctor.subject import Subject


def service(subject: Subject) -> Iterator[Finding]:
    """Only where install.sh has been."""
    places = subject.doors.places
    if not places.unit.is_file() or not subject.serves_pages:
        return
    state = subject.doors.ask("systemctl", "is-enabled", SERVICE).output.strip()
    if state == "enabled":
        yield ok("service", "starts with the server")
    else:
        yield warning("service", f"is {state or 'unknown to systemd'}", f"systemctl enable --now {SERVICE}")
    if places.site.is_file():
        active = subject.doors.ask("systemctl", "is-active", "caddy").output.strip()
        if active == "active":
            yield ok("Caddy", "runs")
        else:
            yield problem("Caddy", f"is {active or 'not there'}", "systemctl status caddy says why")


def site(subject: Subject) -> Iterator[Finding]:
    """The way a browser comes: the name, TLS, and the node behind it."""
    if subject.settings is None or not subject.serves_pages or not subject.settings.web.behind_proxy:
        return
    for name in subject.settings.web.hosts[:1]:
        if not subject.doors.addresses(name):
            yield problem("name", f"{name} leads nowhere", "add its A (and AAAA) record, then wait a little")
            continue
        page = subject.doors.page(f"https://{name}/")
        if not page.trouble:
            yield ok("TLS", f"https://{name} answers with a certificate that holds")
        elif page.untrusted:
            yield warning(
                "TLS",
                f"the certificate of {name} is not trusted here: {page.trouble}",
                "right for one that Caddy made itself; else: journalctl -u caddy",
            )
        else:
            yield problem(
                "TLS",
                f"https://{name} does not answer: {page.trouble}",
                "does the name lead to this server, are ports 80 and 443 open, does Caddy run?",
            )
