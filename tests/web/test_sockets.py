"""What all pages are told at once."""

from pathlib import Path

from msgspec.structs import replace

from tests.web.site import Site, run_at
from web.protocol.frames import NodeState, Welcome


def test_the_state_of_the_node_is_told_to_many_pages_at_a_pace(ui: Path) -> None:
    async def test(site: Site) -> None:
        sockets = site.edge.sockets
        sockets.settings = replace(sockets.settings, states_per_s=4.0, state_pause_s=0.3)
        async with site.page(await site.person("Anna")) as page:
            await page.until(Welcome)
            sockets.state_changed(NodeState((), 1, 0))
            assert sockets.state_pacer.pause_s == 0.3
            async with site.page(await site.person("Boris")) as other:
                await other.until(Welcome)
                sockets.state_changed(NodeState((), 2, 0))
                assert sockets.state_pacer.pause_s == 0.5  # two pages, four a second
                while (await page.until(NodeState)).waiting != 2:
                    pass

    run_at(ui, test)
