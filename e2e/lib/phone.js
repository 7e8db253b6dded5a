// The browser, and one person's phone in it.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

export const BASE = process.env.E2E_URL;
const PATIENCE_MS = 10_000;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Starts chromium headless, with a fresh profile that is thrown away. */
export function launch() {
  assert.ok(BASE, "E2E_URL is not set: run scripts/e2e");
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** One browser for the tests of a file. Gives a function that opens a phone for a test. */
export function browserOfFile() {
  let browser;
  before(async () => { browser = await launch(); });
  after(async () => { await browser?.close(); });
  return async (t, { user, context, ...options } = {}) => {
    const itsContext = context ?? await browser.newContext({ locale: "en-GB", timezoneId: "Africa/Juba", ...options });
    const phone = new Phone(await itsContext.newPage());
    // Whatever a test is about, the page itself must stay free of errors.
    t.after(async () => {
      const complaints = phone.complaints;
      if (!context) await itsContext.close();
      assert.deepEqual(complaints, [], "the page complained");
    });
    await phone.open(user);
    return phone;
  };
}

/** Tries until `probe` gives something, and fails with `what` when it never does. */
export async function until(what, probe) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) assert.fail(`waited in vain for ${typeof what === "function" ? await what() : what}`);
    await sleep(40);
  }
}

export class Phone {
  /** Messages of the bot that the test has read. */
  #read = 0;

  constructor(page) {
    this.page = page;
    /** Console errors and warnings, uncaught exceptions, failed requests. */
    this.complaints = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`exception: ${error.message}`));
    page.on("response", (answer) => {
      if (answer.status() >= 400) this.complaints.push(`HTTP ${answer.status()} of ${answer.url()}`);
      if (!answer.url().startsWith(BASE)) this.complaints.push(`foreign address ${answer.url()}`);
    });
  }

  async open(user) {
    const connected = this.page.waitForResponse((answer) => answer.url().includes("/sim/api/history"));
    await this.page.goto(`${BASE}/sim/${user ? `#u=${user}` : ""}`);
    await connected;
  }

  get composer() { return this.page.getByRole("textbox", { name: "Message" }); }
  get chips() { return this.page.getByRole("group", { name: "Quick replies" }).getByRole("button"); }
  get said() { return this.page.locator(".row.bot .text"); }
  get mine() { return this.page.locator(".row.me .text"); }
  get dots() { return this.page.getByRole("img", { name: "Answer Bot is typing" }); }

  button(name) { return this.page.getByRole("log").getByRole("button", { name, exact: true }); }
  chip(name) { return this.chips.filter({ hasText: new RegExp(`^${name}$`) }); }

  /** Types a message and presses Enter. */
  async say(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The next message of the bot that fits, passing over others; it may be there already. */
  async hears(pattern) {
    const what = async () => `${pattern} in ${JSON.stringify((await this.said.allTextContents()).slice(this.#read))}`;
    return until(what, async () => {
      const all = await this.said.allTextContents();
      const at = all.findIndex((text, index) => index >= this.#read && pattern.test(text));
      if (at < 0) return undefined;
      this.#read = at + 1;
      return all[at];
    });
  }

  async ask(text, pattern) {
    await this.say(text);
    return this.hears(pattern);
  }

  /** Comes from a first hello to where questions are answered, with the region known. */
  async settle() {
    await this.ask("hello", START);
    await this.button("I agree").click();
    await this.hears(/Ask me anything|ask me anything|What do you want to know/);
  }

  /** The titles of the chips, once there are any. */
  async chipTitles() {
    await this.chips.first().waitFor({ timeout: PATIENCE_MS });
    return this.chips.allTextContents();
  }

  async hasNoChips() {
    await until("no chips", async () => (await this.chips.count()) === 0);
  }

  async hasFocus(locator) {
    return (await locator.count()) > 0 && locator.first().evaluate((node) => node === document.activeElement);
  }

  /** Goes on with Tab (or Shift+Tab) until the element has the focus, as somebody without a mouse does. */
  async tabTo(locator, key = "Tab") {
    for (let i = 0; i < 40; i += 1) {
      await this.page.keyboard.press(key);
      if (await this.hasFocus(locator)) return;
    }
    assert.fail(`${key} never reaches ${locator}`);
  }
}

export const START = /^Hello! I am Answer Bot, an automated assistant/;
export const REGION = /^Where do you live\?/;
