// The second phone: shows MTN's prompts of every payer and what it wrote about money. `phone.js` says when to look.
"use strict";

const moneyPhone = $("phone-money"), prompts = $("prompts"), texts = $("money-texts");
let looking = false, lookAgain = false;

document.addEventListener("money", look);

// One look at a time; a change in between makes for another.
async function look() {
  if (looking) { lookAgain = true; return; }
  looking = true;
  try {
    do {
      lookAgain = false;
      showMoney(await getJson("/sim/api/money"));
    } while (lookAgain);
  } catch {
    // The chat says that the simulator is gone.
  } finally {
    looking = false;
  }
}

function showMoney({ prompts: waiting, messages }) {
  const still = new Set(waiting.map((prompt) => prompt.reference));
  for (const shown of [...prompts.children]) {
    if (!still.has(shown.dataset.reference)) leave(shown);
  }
  // Oldest first, each put on top. What is there already stays, with the PIN somebody is typing.
  for (const prompt of [...waiting].reverse()) {
    if (promptOf(prompt.reference)) continue;
    prompts.prepend(promptItem(prompt));
    openMoney();
    $("money-news").textContent = `MTN asks ${prompt.payer} to pay ${moneyOf(prompt)} to ${prompt.payee}.`;
  }
  $("no-prompts").hidden = waiting.length > 0;
  texts.replaceChildren(...messages.map(textItem));
  $("no-texts").hidden = messages.length > 0;
}

function promptOf(reference) {
  return prompts.querySelector('[data-reference="' + CSS.escape(reference) + '"]');
}

// Removes a prompt; the focus that was in it goes to the next one, or to the title.
function leave(item) {
  const hadFocus = item.contains(document.activeElement);
  const next = item.nextElementSibling || item.previousElementSibling;
  item.remove();
  if (hadFocus) (next ? next.querySelector("input") : $("money-title")).focus();
}

function moneyOf({ currency, amount }) {
  return `${currency} ${Number(amount).toLocaleString("en")}`;
}

function timeOf(ms) {
  const at = new Date(ms);
  const time = element("time", "", at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = at.toISOString();
  return time;
}

function promptItem(prompt) {
  const item = element("li", "prompt");
  item.dataset.reference = prompt.reference;
  const form = element("form");
  form.autocomplete = "off";
  form.noValidate = true;
  const whose = element("p", "prompt-whose", "On the phone of ");
  whose.append(element("strong", "", prompt.payer));
  const asks = element("p", "prompt-asks", `Pay ${moneyOf(prompt)} to ${prompt.payee}?`);
  const about = [prompt.message, prompt.external_id && `Order ${prompt.external_id}`].filter(Boolean);
  const note = element("p", "prompt-note", about.join(" · "));
  note.dir = "auto";
  const until = element("p", "prompt-note", "Answer before ");
  until.append(timeOf(prompt.expires_ms));
  const trouble = element("p", "prompt-trouble");
  trouble.setAttribute("role", "alert");
  trouble.hidden = true;
  form.append(whose, asks, ...(about.length ? [note] : []), until, pinField(prompt), trouble, ...buttonsFor(prompt));
  form.addEventListener("submit", (event) => { event.preventDefault(); approve(prompt, form); });
  item.append(form);
  return item;
}

function pinField(prompt) {
  const label = element("label", "pin", "PIN (any 4 or 5 digits)");
  const pin = element("input");
  Object.assign(pin, { type: "password", name: "pin", inputMode: "numeric", autocomplete: "off", maxLength: 5 });
  pin.setAttribute("aria-label", `PIN of ${prompt.payer} (any 4 or 5 digits)`);
  label.append(pin);
  return label;
}

function buttonsFor(prompt) {
  const row = element("div", "prompt-buttons");
  const yes = element("button", "primary", "Approve"), no = element("button", "decline", "Decline");
  yes.type = "submit";
  no.type = "button";
  for (const button of [yes, no]) {
    button.setAttribute("aria-label", `${button.textContent} ${moneyOf(prompt)} from ${prompt.payer}`);
  }
  no.addEventListener("click", () => answerPrompt(prompt, no.closest("form"), { approve: false }));
  row.append(no, yes);
  return [row];
}

function approve(prompt, form) {
  const pin = form.elements.pin;
  if (!/^[0-9]{4,5}$/.test(pin.value)) {
    pin.setAttribute("aria-invalid", "true");
    showPromptTrouble(form, "A PIN has 4 or 5 digits.");
    pin.focus();
    return;
  }
  answerPrompt(prompt, form, { approve: true, pin: pin.value });
}

async function answerPrompt(prompt, form, answer) {
  let trouble = "";
  try {
    const told = await fetch("/sim/api/money/answer", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reference: prompt.reference, ...answer }),
    });
    const result = await told.json();
    if (!result.done) trouble = result.reason || result.error || "HTTP " + told.status;
  } catch {
    trouble = "The simulator cannot be reached.";
  }
  if (trouble) showPromptTrouble(form, trouble);
  look();
}

function showPromptTrouble(form, text) {
  const place = form.querySelector(".prompt-trouble");
  place.textContent = text;
  place.hidden = !text;
}

function textItem(message) {
  const item = element("li", "money-text");
  const text = element("p", "", message.text);
  text.dir = "auto";
  const meta = element("p", "prompt-note", `To ${message.to}, `);
  meta.append(timeOf(message.at_ms));
  item.append(text, meta);
  return item;
}

function openMoney() {
  moneyPhone.hidden = false;
}

$("open-money").addEventListener("click", () => { closeMenus(); openMoney(); $("money-title").focus(); });
$("close-money").addEventListener("click", () => { moneyPhone.hidden = true; composer.focus(); });
look();
