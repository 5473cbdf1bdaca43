import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket } from "../testing/FakeSocket";
import { useWire } from "../wire/useWire";
import { useSession } from "./useSession";

const me = { version: "1", setup_needed: false, code_needed: false, user: "u", user_name: "Anna", role: "user" };

function start() {
  setActivePinia(createPinia());
  const session = useSession();
  session.me = { ...me };
  useWire().open();
  return session;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.install();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a role that is given or taken while the page is open holds at once", () => {
  const session = start();
  FakeSocket.last.welcome();
  expect(session.isAdmin).toBe(false);
  FakeSocket.last.say({ type: "role_changed", role: "admin" });
  expect(session.isAdmin).toBe(true);
  expect(session.isOwner).toBe(false);
  FakeSocket.last.say({ type: "role_changed", role: "user" });
  expect(session.isAdmin).toBe(false);
});

test("a role that was given while there was no connection holds when it is back", () => {
  const session = start();
  FakeSocket.last.welcome();
  FakeSocket.last.drop();
  expect(session.isAdmin).toBe(false);
  vi.advanceTimersByTime(1);
  FakeSocket.last.welcome("admin");
  expect(session.isAdmin).toBe(true);
});

test("nobody who is not logged in gets a role", () => {
  const session = start();
  session.me = null;
  FakeSocket.last.welcome("owner");
  expect(session.me).toBeNull();
  expect(session.isOwner).toBe(false);
});
