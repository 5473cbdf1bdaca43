import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { h } from "vue";
import { find, mount } from "../testing/mount";
import { useSession } from "../session/useSession";
import type { AccountFacts } from "../wire/protocol";
import PeopleScreen from "./PeopleScreen.vue";

let people: AccountFacts[];
const asked: string[] = [];

function answer(path: string, init: RequestInit): Response {
  const body = typeof init.body === "string" ? (JSON.parse(init.body) as { name?: string; role?: string }) : {};
  asked.push(`${init.method ?? ""} ${path}`);
  if (init.method === "POST") {
    const account = { id: "new", name: body.name ?? "", role: "user" };
    people = [...people, account];
    return new Response(JSON.stringify({ account, password: "aaaaa-bbbbb-ccccc-ddddd" }), { status: 201 });
  }
  if (init.method === "PUT") people = people.map((one) => (path.includes(one.id) ? { ...one, role: body.role ?? "" } : one));
  return new Response(JSON.stringify(people));
}

beforeEach(() => {
  setActivePinia(createPinia());
  asked.length = 0;
  people = [
    { id: "u1", name: "Olga", role: "owner" },
    { id: "u2", name: "Boris", role: "user" },
  ];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => Promise.resolve(answer(path, init)));
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

async function shown(role = "owner"): Promise<HTMLElement> {
  const root = mount({
    components: { PeopleScreen },
    setup() {
      useSession().me = { version: "1", setup_needed: false, code_needed: false, user: "u1", user_name: "Olga", role };
    },
    render() {
      return h(PeopleScreen);
    },
  });
  await vi.waitFor(() => {
    expect(root.querySelector("main")?.textContent).toContain(role === "owner" ? "Boris" : "Only the owner");
  });
  return root;
}

const roles = (root: HTMLElement): string[] => [...root.querySelectorAll(".role")].map((one) => one.textContent);

describe("the people of a node", () => {
  test("become admins and users again by the owner's hand, who stays the owner", async () => {
    const root = await shown();
    expect(roles(root)).toEqual(["Owner", "User"]);
    expect(root.querySelectorAll("li button")).toHaveLength(1);
    const button = find(root, 'button[aria-label="Make admin: Boris"]');
    button.click();
    await vi.waitFor(() => {
      expect(roles(root)).toEqual(["Owner", "Admin"]);
    });
    expect(button.getAttribute("aria-label")).toBe("Take back the admin rights: Boris"); // the keyboard is still at it
    button.click();
    await vi.waitFor(() => {
      expect(roles(root)).toEqual(["Owner", "User"]);
    });
  });

  test("get an account with a password that is shown once", async () => {
    const root = await shown();
    find(root, "main > button").click();
    const dialog = await vi.waitFor(() => find<HTMLDialogElement>(document, "dialog"));
    const input = find<HTMLInputElement>(dialog, "input");
    input.value = " Anna ";
    input.dispatchEvent(new Event("input"));
    find<HTMLFormElement>(dialog, "form").requestSubmit();
    await vi.waitFor(() => {
      expect(dialog.textContent).toContain("aaaaa-bbbbb-ccccc-ddddd");
    });
    expect(find(dialog, "h2").textContent).toBe("Anna has an account");
    expect(roles(root)).toEqual(["Owner", "User", "User"]);
    find(dialog, "footer .primary").click();
    await vi.waitFor(() => {
      expect(document.body.textContent).not.toContain("aaaaa");
    });
  });

  test("are the owner's to see: an admin's page does not even ask", async () => {
    await shown("admin");
    expect(asked).toEqual([]);
  });
});
