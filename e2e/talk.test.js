// What a person meets who talks with the bot on the phone page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { REGION, START, browserOfFile, until } from "./lib/phone.js";

const newPhone = browserOfFile();

test("the first message brings one start text of at most 400 characters with the button I agree", async (t) => {
  const phone = await newPhone(t);
  const start = await phone.ask("Good morning", START);
  assert.ok(start.length <= 400, `${start.length} characters`);
  for (const needed of [/automated assistant/, /can be wrong/, /keep/, /delete my data/, /I agree/]) assert.match(start, needed);
  await phone.button("I agree").waitFor();
  assert.equal(await phone.said.count(), 1);
});

test("a question asked before consent is answered after tapping I agree, and then the region is asked once", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("What is malaria?", START);
  await phone.button("I agree").click();
  await phone.hears(/mosquitoes/);
  await phone.hears(REGION);
  assert.deepEqual(await phone.chipTitles(), ["Juba", "Wau", "Malakal", "Elsewhere", "Skip"]);
  await phone.ask("What is photosynthesis?", /green plants/);
  await phone.ask("status", /1 of 3/);
  assert.equal((await phone.said.allTextContents()).filter((text) => REGION.test(text)).length, 1);
});

test("a typed yes counts like the button", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("How do I plant maize?", START);
  await phone.ask("Yes!", /rains/);
});

test("before consent nothing but the start text is said about a question", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("What is malaria?", START);
  await phone.say("And how do I treat it?");
  await phone.page.waitForTimeout(1500);
  const said = await phone.said.allTextContents();
  assert.ok(said.every((text) => START.test(text) || /I agree/.test(text)), JSON.stringify(said));
});

test("typing dots show while an answer is on its way, and go when it is there", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.page.evaluate(() => {
    window.seenDots = [];
    const dots = document.getElementById("typing");
    const look = () => window.seenDots.push(`${!dots.hidden} ${document.getElementById("presence").textContent}`);
    new MutationObserver(look).observe(dots, { attributes: true, attributeFilter: ["hidden"] });
  });
  await phone.ask("What is malaria?", /mosquitoes/);
  const seen = await phone.page.evaluate(() => window.seenDots);
  assert.ok(seen.includes("true typing …"), `the dots never showed: ${JSON.stringify(seen)}`);
  await until("the dots to go", async () => !(await phone.dots.isVisible()));
});

test("a message gets one tick when delivered and two when read", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("hello", START);
  await until("two ticks", async () => (await phone.page.locator(".row.me .ticks").textContent()) === " ✓✓");
});

test("three questions are answered, the fourth meets the limit, and commands still work", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("What is malaria?", /mosquitoes/);
  await phone.hears(REGION);
  await phone.chip("Skip").click();
  await phone.ask("What is photosynthesis?", /green plants/);
  await phone.ask("How do I start a small business in Juba?", /people near you buy/);
  const limit = await phone.ask("When should I plant maize in Yei?", /used your 3 free questions/);
  assert.match(limit, /midnight/);
  await phone.ask("status", /used your 3 free questions/);
  await phone.ask("help", /questions a day are free/);
  assert.ok(!(await phone.said.allTextContents()).some((text) => /rains have really begun/.test(text)));
});

test("two messages sent quickly one after the other are one question", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.say("I have a question");
  await phone.ask("What is malaria?", /mosquitoes/);
  await phone.ask("status", /2 of 3/);
});

test("the region is tapped as a quick reply, confirmed, and the chips vanish", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("What is malaria?", /mosquitoes/);
  await phone.hears(REGION);
  await phone.chip("Wau").click();
  assert.equal(await phone.mine.last().textContent(), "Wau");
  await phone.hears(/Wau/);
  await phone.hasNoChips();
});

test("help, menu and status are typed in any case and answered in plain words", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  const help = await phone.ask("help", /questions a day are free/);
  for (const word of ["menu", "status", "region", "more", "human", "stop", "start", "cancel", "delete my data"]) {
    assert.ok(help.includes(word), `help names ${word}`);
  }
  await phone.ask("MENU", /What do you need/);
  assert.deepEqual(await phone.chipTitles(), ["Subscribe", "My status", "My region", "Help"]);
  await phone.chip("My status").click();
  await phone.hears(/3 of 3 free questions left/);
  await phone.ask("Status!", /3 of 3 free questions left/);
});

test("help works before consent", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("help", /questions a day are free/);
});

for (const [item, useful] of [
  ["Thumbs-up sticker", /question in words/],
  ["Photo", /cannot see pictures/],
  ["Voice note", /cannot listen/],
  ["Place", /name of the place/],
]) {
  test(`a ${item.toLowerCase()} gets a useful reply and costs no question`, async (t) => {
    const phone = await newPhone(t);
    await phone.settle();
    await phone.page.locator("#attach summary").click();
    await phone.page.getByRole("button", { name: item, exact: true }).click();
    await phone.hears(useful);
    await phone.ask("status", /3 of 3/);
  });
}

test("greetings and thanks are answered at once and cost no question", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("hello", /What do you want to know/);
  await phone.ask("thanks", /welcome/);
  await phone.ask("status", /3 of 3/);
});

test("danger to life is answered with the way to help, even before consent", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("My baby has convulsions and does not wake up", /nearest hospital/);
});

test("digits that could be a PIN are never shown back", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  const reply = await phone.ask("48213", /sentence/);
  assert.doesNotMatch(reply, /48213/);
});

test("data is deleted only after a second yes, and used questions stay used", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("What is malaria?", /mosquitoes/);
  await phone.ask("delete my data", /Delete all your data\?/);
  await phone.button("Keep").click();
  await phone.hears(/nothing was deleted/);
  await phone.ask("delete my data", /Delete all your data\?/);
  await phone.button("Delete all").last().click();
  await phone.hears(/Your data is deleted/);
  await phone.ask("hello", START);
  await phone.button("I agree").last().click();
  await phone.hears(/ask me anything|What do you want to know/i);
  await phone.ask("status", /2 of 3/);
});

test("two people do not see each other's talk", async (t) => {
  const juba = await newPhone(t, { user: "811111111111" });
  const wau = await newPhone(t, { user: "822222222222", context: juba.page.context() });
  await juba.ask("What is malaria?", START);
  await juba.button("I agree").click();
  await juba.hears(/mosquitoes/);
  assert.equal(await wau.page.locator(".row").count(), 0);
  await wau.ask("What is photosynthesis?", START);
  await wau.button("I agree").click();
  await wau.hears(/green plants/);
  const ofJuba = (await juba.page.locator(".log").textContent());
  const ofWau = (await wau.page.locator(".log").textContent());
  assert.doesNotMatch(ofJuba, /photosynthesis/i);
  assert.doesNotMatch(ofWau, /malaria/i);
  await juba.ask("status", /2 of 3/);

  // The same tab, first as the other person, then as oneself again.
  await juba.page.evaluate(() => { location.hash = "u=822222222222"; });
  await until("the other talk", async () => /photosynthesis/i.test(await juba.page.locator(".log").textContent()));
  assert.doesNotMatch(await juba.page.locator(".log").textContent(), /malaria/i);
  await juba.page.evaluate(() => { location.hash = "u=811111111111"; });
  await until("one's own talk", async () => /malaria/i.test(await juba.page.locator(".log").textContent()));
  assert.doesNotMatch(await juba.page.locator(".log").textContent(), /photosynthesis/i);
});

test("New person in the menu is somebody who never wrote before", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  const before = phone.page.url();
  await phone.page.locator("#menu summary").click();
  await phone.page.getByRole("button", { name: "New person" }).click();
  await until("an empty phone", async () => (await phone.page.locator(".row").count()) === 0);
  assert.notEqual(phone.page.url(), before);
  await phone.say("hello");
  await until("the start text", async () => START.test((await phone.said.allTextContents()).join()));
});

// Each word picks one of the simulated AI's long answers, all of which are written in Markdown.
const QUESTIONS = [
  ["What is malaria?", "When should I plant maize in Yei?", "How do I start a small business in Juba?"],
  ["What is photosynthesis?", "How do I write a CV?", "How do I get clean water?"],
  ["What helps against cholera?", "How do I keep goats healthy?", "How do I grow tomato plants?"],
  ["What is 15 percent of 2000?", "Which solar panel do I need?", "How can I learn English better?"],
  ["كيف أحافظ على صحتي؟", "Why is the sky blue?"],
];
test("no sign of Markdown reaches the phone in any answer", async (t) => {
  const phones = await Promise.all(QUESTIONS.map(() => newPhone(t)));
  await Promise.all(phones.map(async (phone, at) => {
    await phone.settle();
    for (const question of QUESTIONS[at]) {
      const count = await phone.said.count();
      await phone.say(question);
      await until(`an answer to ${question}`, async () => (await phone.said.count()) > count);
      // It follows the first answer, and must not be taken for the second one: what is said then would join the question.
      if (question === QUESTIONS[at][0]) await phone.hears(REGION);
    }
    // Beside the answers: the start text, the thanks for agreeing, and the question about the region.
    await until("every answer", async () => (await phone.said.count()) >= QUESTIONS[at].length + 3);
    const said = await phone.said.allTextContents();
    for (const text of said) {
      assert.doesNotMatch(text, /\*\*|__|`|^\s*#|#{2,}|^\s*[-*+] |\]\(|^>|^\s*\|/m);
      assert.ok(text.length <= 1900);
    }
  }));
});

test("an Arabic question is answered in Arabic, from right to left", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("ما هي الملاريا؟", /هذا جواب/);
  const answer = phone.said.filter({ hasText: "هذا جواب" });
  assert.equal(await answer.evaluate((node) => getComputedStyle(node).direction), "rtl");
});

test("the second answer asks whether it helped, and a wrong one can be said so", async (t) => {
  const phone = await newPhone(t);
  await phone.ask("How do I write a CV?", START);
  await phone.button("I agree").click();
  await phone.hears(REGION);
  await phone.chips.getByText("Skip").click();
  await phone.ask("What is osmosis?", /osmosis/);
  await until("the question whether it helped", async () => (await phone.chipTitles()).includes("Wrong answer"));
  assert.deepEqual(await phone.chipTitles(), ["Good answer", "Wrong answer"]);
  if (process.env.E2E_PICTURE) await phone.page.screenshot({ path: process.env.E2E_PICTURE });
  await phone.chips.getByText("Wrong answer").click();
  await phone.hears(/Nobody else gets that answer/);
  await phone.ask("status", /1 of 3/);
});
