// The phone page itself: keyboard, small screens, colours, delivery.
import assert from "node:assert/strict";
import { test } from "node:test";
import { REGION, START, browserOfFile, until } from "./lib/phone.js";

const newPhone = browserOfFile();

test("Enter sends, Shift+Enter makes a new line, and nothing is sent that is empty", async (t) => {
  const phone = await newPhone(t);
  await phone.composer.fill("   ");
  await phone.composer.press("Enter");
  assert.equal(await phone.mine.count(), 0);
  await phone.composer.fill("hello");
  await phone.composer.press("Shift+Enter");
  await phone.composer.pressSequentially("there");
  await phone.composer.press("Enter");
  assert.equal(await phone.mine.textContent(), "hello\nthere");
  assert.equal(await phone.composer.inputValue(), "");
  assert.ok(await phone.hasFocus(phone.composer));
  await phone.hears(START);
});

test("the whole talk works with the keyboard alone", async (t) => {
  const phone = await newPhone(t);
  const { keyboard } = phone.page;
  await phone.tabTo(phone.composer);
  await keyboard.type("What is malaria?");
  await phone.tabTo(phone.page.getByRole("button", { name: "Send", exact: true }));
  await keyboard.press("Enter");
  await phone.hears(START);
  assert.ok(await phone.hasFocus(phone.composer), "after Send the composer has the focus");

  await phone.tabTo(phone.button("I agree"), "Shift+Tab");
  await keyboard.press("Enter");
  await phone.hears(/mosquitoes/);
  await phone.hears(REGION);

  await phone.chips.first().waitFor();
  await phone.tabTo(phone.chip("Malakal"));
  const outline = await phone.chip("Malakal").evaluate((node) => getComputedStyle(node).outlineStyle);
  assert.equal(outline, "solid", "the focus can be seen");
  await keyboard.press("Space");
  await phone.hears(/Malakal/);
  await phone.hasNoChips();
  assert.ok(await phone.hasFocus(phone.composer), "after a chip the composer has the focus");

  await phone.tabTo(phone.page.locator("#attach summary"), "Shift+Tab");
  await keyboard.press("Enter");
  await phone.tabTo(phone.page.getByRole("button", { name: "Thumbs-up sticker" }));
  await keyboard.press("Enter");
  await phone.hears(/question in words/);

  await phone.tabTo(phone.page.locator("#menu summary"));
  await keyboard.press("Enter");
  await phone.tabTo(phone.page.getByRole("button", { name: "Help", exact: true }));
  await keyboard.press("Enter");
  const dialog = phone.page.getByRole("dialog");
  await dialog.waitFor();
  await keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
});

test("the order of Tab from the messages on is: chips, what else to send, composer, send", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("menu", /What do you need/);
  await phone.chipTitles();
  await phone.page.locator("#scroll").focus();
  const names = [];
  while (names.at(-1) !== "Send" && names.length < 12) {
    await phone.page.keyboard.press("Tab");
    names.push(await phone.page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? (document.activeElement.textContent || document.activeElement.id)));
  }
  // The link to the terms stands in the first message.
  const buttons = names.filter((name) => !name.startsWith("http"));
  assert.deepEqual(buttons, ["I agree", "Subscribe", "My status", "My region", "Help", "Send something else", "composer", "Send"]);
});

test("everything has its place at 320 by 568, without sideways scrolling", async (t) => {
  const phone = await newPhone(t, { viewport: { width: 320, height: 568 } });
  await phone.ask("What is malaria?", START);
  await phone.button("I agree").click();
  await phone.hears(REGION);
  await phone.chipTitles();
  const check = async () => {
    const wide = await phone.page.evaluate(() => [...document.querySelectorAll("html, body, .screen, .scroll, .log, .quick-replies, .composer")]
      .filter((node) => node.scrollWidth > node.clientWidth)
      .map((node) => `${node.tagName}.${node.className}: ${node.scrollWidth} > ${node.clientWidth}`));
    assert.deepEqual(wide, []);
    for (const target of [phone.composer, phone.page.locator("#send"), phone.page.locator("#attach summary"), phone.page.locator("#menu summary")]) {
      const box = await target.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 320 && box.y >= 0 && box.y + box.height <= 568, `${target}: ${JSON.stringify(box)}`);
      assert.ok(box.height >= 44 || target === phone.composer, `${target} is ${box.height} high`);
    }
  };
  await check();
  for (const chip of await phone.chips.all()) {
    const box = await chip.boundingBox();
    assert.ok(box.height >= 40 && box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box));
  }
  const shownHeight = (await phone.page.locator("#scroll").boundingBox()).height;
  assert.ok(shownHeight >= 200, `only ${shownHeight} px are left for the messages`);
  await phone.say("x".repeat(300));
  await phone.say("https://example.org/" + "y".repeat(300));
  await until("both", async () => (await phone.mine.count()) >= 4);
  await check();
  // The menus too.
  for (const menu of ["#menu", "#attach"]) {
    await phone.page.locator(`${menu} summary`).click();
    const box = await phone.page.locator(`${menu} .menu-items`).boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 320 && box.y >= 0 && box.y + box.height <= 568, JSON.stringify(box));
    await check();
    await phone.page.keyboard.press("Escape");
  }
});

test("the newest message is in view, and one who reads further up is not moved", async (t) => {
  const phone = await newPhone(t, { viewport: { width: 320, height: 568 } });
  await phone.settle();
  await phone.ask("What is malaria?", /mosquitoes/);
  await phone.hears(REGION);
  await until("the end in view", () => phone.said.last().evaluate((node) => {
    const [row, box] = [node.getBoundingClientRect(), document.getElementById("scroll").getBoundingClientRect()];
    return row.bottom <= box.bottom + 1;
  }));
  await phone.say("What is photosynthesis?");
  // One's own message is scrolled to; only then one reads further up.
  await until("the own message in view", () => phone.mine.last().evaluate((node) => {
    const [row, box] = [node.getBoundingClientRect(), document.getElementById("scroll").getBoundingClientRect()];
    return node.textContent === "What is photosynthesis?" && row.bottom <= box.bottom + 1;
  }));
  await phone.page.locator("#scroll").evaluate((node) => { node.scrollTop = 0; });
  await phone.hears(/green plants/);
  assert.equal(await phone.page.locator("#scroll").evaluate((node) => node.scrollTop), 0);
  await phone.page.getByRole("button", { name: /New messages/ }).click();
  await until("the end in view", () => phone.page.locator("#scroll").evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 2));
});

/** Every text that is shown with less contrast than 4.5 to 1. */
function pale() {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (parse(style.backgroundColor).a === 1) return parse(style.backgroundColor);
      if (style.backgroundImage !== "none") return null;
    }
    return null;
  };
  const faults = [];
  for (const node of document.querySelectorAll("body *")) {
    const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!hasText || !node.checkVisibility({ opacityProperty: true }) || node.closest(".hidden, .sticker, script")) continue;
    const back = behind(node);
    if (!back) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(back)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faults.push(`${node.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return { faults, chat: light(behind(document.getElementById("scroll"))) };
}

for (const colorScheme of ["light", "dark"]) {
  test(`in ${colorScheme} mode the page is ${colorScheme} and every text stands out`, async (t) => {
    const phone = await newPhone(t, { colorScheme });
    await phone.ask("What is malaria?", START);
    await phone.button("I agree").click();
    await phone.hears(REGION);
    await phone.chipTitles();
    await phone.page.waitForTimeout(300);
    const { faults, chat } = await phone.page.evaluate(pale);
    assert.deepEqual(faults, []);
    assert.ok(colorScheme === "dark" ? chat < 0.05 : chat > 0.8, `the chat's ground has the luminance ${chat}`);
  });
}

test("a message that does not get through is shown as not delivered and can be tried again", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.page.route("**/sim/api/send", (route) => route.abort());
  await phone.say("What is malaria?");
  const retry = phone.page.getByRole("button", { name: /Not delivered/ });
  await retry.waitFor();
  await phone.page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
  assert.equal(await phone.page.locator(".row.me").last().getAttribute("data-state"), "failed");

  // Still cut off: it says so again, and the message is there once.
  await retry.click();
  await retry.waitFor();
  await phone.page.unroute("**/sim/api/send");
  await retry.click();
  await phone.hears(/mosquitoes/);
  assert.equal(await retry.count(), 0);
  assert.equal(await phone.page.getByRole("alert").count(), 0);
  assert.equal(await phone.mine.filter({ hasText: "What is malaria?" }).count(), 1);
  await phone.ask("status", /2 of 3/);

  // Chromium itself logs each request that was cut off.
  assert.deepEqual(phone.complaints.splice(0).map((line) => /ERR_FAILED/.test(line)), [true, true]);
});

test("a message whose acknowledgement was lost is not answered twice when it is tried again", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.page.route("**/sim/api/send", async (route) => { await route.fetch(); await route.abort(); }, { times: 1 });
  await phone.say("What is malaria?");
  await phone.hears(/mosquitoes/);
  await phone.page.getByRole("button", { name: /Not delivered/ }).click();
  await until("the mark to go", async () => (await phone.page.getByRole("button", { name: /Not delivered/ }).count()) === 0);
  await phone.page.waitForTimeout(1000);
  assert.equal(await phone.said.filter({ hasText: "mosquitoes" }).count(), 1);
  await phone.ask("status", /2 of 3/);
  assert.deepEqual(phone.complaints.splice(0).map((line) => /ERR_FAILED/.test(line)), [true]);
});

test("a page whose stream breaks again and again misses nothing and shows nothing twice", async (t) => {
  const phone = await newPhone(t);
  let breaks = 0;
  await phone.page.route("**/sim/api/events*", (route) => {
    breaks += 1;
    return route.fulfill({ contentType: "text/event-stream", body: "retry: 150\n\n" });
  });
  await phone.page.reload();
  await phone.ask("What is malaria?", START);
  await phone.button("I agree").click();
  await phone.hears(/mosquitoes/);
  await phone.hears(REGION);
  await until("some more breaks", () => breaks > 8);
  assert.equal(await phone.said.count(), 3);
  assert.equal(await phone.mine.count(), 2);
  assert.equal(await phone.chips.count(), 5);
});

test("a reload keeps the person, the talk and the chips", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("What is malaria?", START);
  await phone.button("I agree").click();
  await phone.hears(REGION);
  await phone.chipTitles();
  const shown = () => phone.page.locator(".row .text").allTextContents();
  const before = await shown();
  await phone.page.reload();
  await until("the chips", async () => (await phone.chips.count()) === 5);
  assert.deepEqual(await shown(), before);
  await phone.chip("Juba").click();
  await until("the region", async () => /Juba in mind/.test((await phone.said.last().textContent())));
});

test("text is shown as text: HTML that somebody writes does nothing", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  const evil = "<img src=x onerror=alert(1)> <b>What is this?</b>";
  await phone.ask(evil, /About/);
  assert.equal(await phone.mine.last().textContent(), evil);
  assert.equal(await phone.page.locator(".log img, .log b").count(), 0);
});

test("the page needs nothing from outside and says so in its policy", async (t) => {
  const phone = await newPhone(t);
  const answer = await phone.page.request.get(phone.page.url().split("#")[0]);
  assert.match(answer.headers()["content-security-policy"], /default-src 'none'/);
  assert.doesNotMatch(await answer.text(), /(?:src|href)="(?:https?:)?\/\//);
});
