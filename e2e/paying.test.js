// Somebody subscribes on the phone page, and approves on the second phone that shows MTN's prompt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOfFile, until } from "./lib/phone.js";

const newPhone = browserOfFile();
let people = 0;

/** A number of its own, so that no earlier prompt is in the way. */
function number() {
  people += 1;
  return `092 555 0${String(100 + people)}`;
}

/** The prompt on the second phone of who pays. */
function promptOf(phone, payer) {
  const digits = `211${payer.replaceAll(" ", "").slice(1)}`;
  return phone.page.getByRole("listitem").filter({ hasText: `On the phone of ${digits}` });
}

async function answer(phone, payer, name, pin) {
  const prompt = promptOf(phone, payer);
  await prompt.waitFor();
  if (pin) await prompt.getByRole("textbox").fill(pin);
  await prompt.getByRole("button", { name: new RegExp(`^${name}`) }).click();
}

/** From hello to the button "Pay now" for a week. */
async function comesToPay(phone, payer) {
  await phone.settle();
  await phone.ask("subscribe", /Which one\?/);
  await phone.button("Weekly 3,000 SSP").click();
  await phone.hears(/Which MTN number pays\?/);
  const summary = await phone.ask(`it is ${payer}`, /Pay now\?/);
  assert.match(summary, /Weekly plan for 3,000 SSP/);
  assert.match(summary, /does not renew by itself/);
}

test("the whole way: three free questions, a plan, the kept question first, thirty questions", { timeout: 240_000 }, async (t) => {
  const phone = await newPhone(t);
  const payer = number();
  await phone.settle();
  for (const place of ["Kenya", "Uganda", "Chad"]) await phone.ask(`What is the capital of ${place} today?`, new RegExp(`capital of ${place}`));
  const limit = await phone.ask("What is the capital of Mali today?", /used your 3 free questions/);
  assert.match(limit, /keep this question/);
  await phone.button("Weekly 3,000 SSP").click();
  await phone.hears(/Which MTN number pays\?/);
  await phone.ask(payer, /Pay now\?/);
  await phone.button("Pay now").click();
  await phone.hears(/MTN asks for the MoMo PIN/);
  await answer(phone, payer, "Approve", "1234");
  const receipt = await phone.hears(/^Paid\. Thank you!/);
  assert.match(receipt, /Receipt [0-9A-Z]{4}-[0-9A-Z]{4}/);
  await phone.hears(/capital of Mali/);
  for (let i = 2; i <= 30; i += 1) await phone.ask(`What is ${i} plus ${i} in easy words?`, new RegExp(`What is ${i} plus ${i}`));
  await phone.ask("And now one question more please?", /used your 30 questions/);
  await phone.ask("status", /0 of 30/);
  await phone.ask("receipt", /Receipt [0-9A-Z]{4}-[0-9A-Z]{4}/);
});

test("who declines on the phone is told so in plain words, and nothing was charged", async (t) => {
  const phone = await newPhone(t);
  const payer = number();
  await comesToPay(phone, payer);
  await phone.button("Pay now").click();
  await phone.hears(/MTN asks for the MoMo PIN/);
  await answer(phone, payer, "Decline");
  const told = await phone.hears(/declined on the phone/);
  assert.match(told, /not charged/);
  assert.doesNotMatch(told, /APPROVAL|REJECTED|error/i);
});

test("cancel with the prompt open says not to enter the PIN; an approval all the same counts", async (t) => {
  const phone = await newPhone(t);
  const payer = number();
  await comesToPay(phone, payer);
  await phone.say("pay now");
  await phone.hears(/MTN asks for the MoMo PIN/);
  await phone.ask("cancel", /Do not enter your PIN\. If you did, it counts\./);
  await phone.say("subscribe");
  await phone.hears(/Which one\?/);
  await phone.button("Weekly 3,000 SSP").last().click();
  await phone.hears(/Pay now\?/);
  await phone.button("Pay now").last().click();
  await phone.hears(/Approve only one\. Try again at \d/);
  assert.equal(await promptOf(phone, payer).count(), 1, "one prompt");
  await answer(phone, payer, "Approve", "4321");
  await phone.hears(/it counts\. Thank you!/);
});

test("a PIN typed in the chat is warned about while the prompt is open, and shown nowhere by the bot", async (t) => {
  const phone = await newPhone(t);
  const payer = number();
  await comesToPay(phone, payer);
  await phone.button("Pay now").click();
  await phone.hears(/MTN asks for the MoMo PIN/);
  await phone.ask("4711", /Never send your PIN\. Enter it only in MTN's window\. Delete that message\./);
  await answer(phone, payer, "Decline");
  await phone.hears(/declined/);
});

test("a question on the way to paying is answered, and the way stands", async (t) => {
  const phone = await newPhone(t);
  const payer = number();
  await comesToPay(phone, payer);
  await phone.ask("What is malaria?", /mosquitoes/);
  await phone.button("Pay now").click();
  await phone.hears(/MTN asks for the MoMo PIN/);
  await answer(phone, payer, "Decline");
  await phone.hears(/declined/);
});

test("a number of another network and a wrong one are refused with what to do", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("subscribe", /Which one\?/);
  await phone.button("Monthly 6,500 SSP").click();
  await phone.hears(/Which MTN number pays\?/);
  await phone.ask("0912345678", /This is not MTN/);
  await phone.ask("٠٩٢ ١٢٣ ٤٥٦٧", /paid by 0921234567/);
});

test("I paid but nothing: the person hears how things stand and can talk to a person", async (t) => {
  const phone = await newPhone(t);
  await phone.settle();
  await phone.ask("I paid but nothing", /I see no payment from you/);
  assert.ok((await phone.chipTitles()).includes("Talk to a person"));
});

test("the second phone opens by itself and asks for exactly what was shown", async (t) => {
  const phone = await newPhone(t);
  const payer = number();
  await comesToPay(phone, payer);
  await phone.button("Pay now").click();
  const prompt = promptOf(phone, payer);
  await prompt.waitFor();
  assert.match(await prompt.textContent(), /Pay SSP 3,000 to Answer Bot AI\?/);
  await answer(phone, payer, "Decline");
  await until("the prompt to go", async () => (await prompt.count()) === 0);
});
