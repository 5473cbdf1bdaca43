"""Caddy in front: TLS, and the way to the node."""

# Caddy passes WebSockets on, tells the node the name that the browser asked for, and replaces what the
# browser may have said in X-Forwarded-For. Only the built page is compressed: answers of the API hold
# secrets beside what others wrote, and their compressed size would tell of them.
SITE = """\
# Written by Samovar's install.sh, and written anew at each upgrade.
{domain} {{
{tls}	@page path / /assets/* *.svg *.js *.webmanifest
	encode @page zstd gzip
	reverse_proxy 127.0.0.1:{port}
}}
"""
IMPORT = "import sites/*.caddy"


def site_text(domain: str, port: int, certificate: str) -> str:
    """The site's own file. `certificate`: "public", or "internal" for one that Caddy makes itself."""
    return SITE.format(domain=domain, port=port, tls="\ttls internal\n" if certificate == "internal" else "")


def with_import(caddyfile: str) -> str:
    """The Caddyfile with the line that reads the sites; unchanged where it is there."""
    if any(line.strip() == IMPORT for line in caddyfile.splitlines()):
        return caddyfile
    gap = "" if not caddyfile or caddyfile.endswith("\n\n") else "\n" if caddyfile.endswith("\n") else "\n\n"
    return f"{caddyfile}{gap}# Samovar's site\n{IMPORT}\n"


def without_import(caddyfile: str) -> str:
    """The Caddyfile as it was before `with_import`."""
    text = caddyfile.replace(f"# Samovar's site\n{IMPORT}\n", "")
    return text if text == caddyfile else text.rstrip("\n") + "\n" if text.strip() else ""
