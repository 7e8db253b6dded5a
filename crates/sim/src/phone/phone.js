// The phone page: shows both sides of one conversation and sends what the person types or taps.
"use strict";

const $ = (id) => document.getElementById(id);
const log = $("log"), scroller = $("scroll"), composer = $("composer"), typing = $("typing"), chips = $("quick-replies");
const TYPING_MS = 20000;
const STAND_INS = { sticker: "Thumbs up", image: "[Photo]", voice: "[Voice note, 0:07]", location: "[Place: Juba]" };

let user = "";
let stream = null;
let seenMs = 0;
let typingTimer = 0;
let lastDay = "";
let stick = true; // whether the end of the conversation is in view and shall stay there

// ---- who I am: one simulated person per tab, kept in the address

function digits(n) {
  const random = crypto.getRandomValues(new Uint8Array(n));
  return Array.from(random, (byte) => byte % 10).join("");
}

function personOfAddress() {
  const found = /(?:^|[#&])u=([\w-]{1,64})(?:&|$)/.exec(location.hash);
  if (found) return found[1];
  const fresh = "8" + digits(15);
  history.replaceState(null, "", "#u=" + fresh);
  return fresh;
}

async function become(person) {
  user = person;
  log.replaceChildren();
  chips.replaceChildren();
  lastDay = "";
  seenMs = 0;
  showTyping(false);
  showTrouble("");
  document.querySelectorAll("[data-user]").forEach((place) => { place.textContent = person; });
  if (stream) stream.close();
  stream = new EventSource("/sim/api/events?user=" + encodeURIComponent(person));
  // Each (re)connection begins with a look at the history, so that nothing is missed in between.
  stream.onopen = () => { catchUp(); document.dispatchEvent(new Event("money")); };
  stream.onerror = () => showTrouble("The simulator does not answer. Trying again …");
  stream.addEventListener("line", (event) => { addLine(JSON.parse(event.data), true); });
  stream.addEventListener("typing", (event) => { seen(JSON.parse(event.data).at_ms); showTyping(JSON.parse(event.data).on); });
  stream.addEventListener("money", () => { document.dispatchEvent(new Event("money")); });
  stream.addEventListener("seen", (event) => { seen(JSON.parse(event.data).at_ms); });
}

async function catchUp() {
  const person = user;
  try {
    const past = await getJson("/sim/api/history?user=" + encodeURIComponent(person));
    if (person !== user) return;
    showTrouble("");
    past.lines.forEach((line) => addLine(line, false));
    seen(past.seen_ms);
    showTyping(past.typing);
    toEnd();
  } catch (error) {
    showTrouble("The history cannot be read: " + error.message);
  }
}

async function getJson(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error("HTTP " + answer.status);
  return answer.json();
}

// ---- bubbles

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function rowOf(id) {
  return log.querySelector('[data-id="' + CSS.escape(id) + '"]');
}

function addLine(line, isNew) {
  if (rowOf(line.id)) return;
  const atEnd = isAtEnd();
  $("get-started").hidden = true;
  addDay(line.at_ms);
  const previous = log.lastElementChild;
  const row = element("li", "row " + line.who + (isNew ? " arrive" : ""));
  if (!previous || !previous.classList.contains(line.who)) row.classList.add("turn");
  row.dataset.id = line.id;
  row.dataset.at = line.at_ms;
  row.append(bubbleOf(line));
  if (line.buttons && line.buttons.length) row.append(buttonsOf(line.buttons));
  log.append(row);
  if (line.who === "me") mark(row, line.delivered ? "sent" : "failed", line);
  // Quick replies belong to the last message only.
  chips.replaceChildren(...(line.quick_replies || []).map(chipOf));
  if (line.who === "bot") {
    showTyping(false);
    seen(line.at_ms);
  }
  if (atEnd || line.who === "me" || !isNew) toEnd(); else $("to-end").hidden = false;
}

function addDay(atMs) {
  const day = new Date(atMs).toDateString();
  if (day === lastDay) return;
  lastDay = day;
  const today = day === new Date().toDateString();
  const shown = today ? "Today" : new Date(atMs).toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
  log.append(element("li", "day", shown));
}

function bubbleOf(line) {
  const bubble = element("div", "bubble " + line.who);
  const text = STAND_INS[line.kind] || line.text || "(attachment)";
  if (line.kind === "sticker") bubble.classList.add("sticker");
  if (line.buttons && line.buttons.length) bubble.classList.add("with-buttons");
  bubble.append(element("span", "hidden", line.who === "me" ? "You: " : "Answer Bot: "));
  const body = element("span", "text");
  body.dir = "auto";
  body.append(...linked(text));
  const at = new Date(line.at_ms);
  const time = element("time", "", at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = at.toISOString();
  const meta = element("span", "meta");
  meta.append(time);
  if (line.who === "me") meta.append(element("span", "ticks"));
  bubble.append(body, meta);
  return bubble;
}

// Messenger makes links of addresses; everything else stays plain text.
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/).map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const link = element("a", "", part);
    link.href = part;
    link.rel = "noopener noreferrer";
    link.target = "_blank";
    return link;
  });
}

function buttonsOf(buttons) {
  const box = element("div", "buttons");
  box.setAttribute("role", "group");
  for (const button of buttons) {
    if (button.url) {
      const link = element("a", "template-button", button.title);
      link.href = /^https?:/.test(button.url) ? button.url : "#";
      link.rel = "noopener noreferrer";
      link.target = "_blank";
      box.append(link);
      continue;
    }
    const made = element("button", "template-button", button.title);
    made.type = "button";
    made.dataset.payload = button.payload || "";
    made.addEventListener("click", () => send("postback", button.title, button.payload || ""));
    box.append(made);
  }
  return box;
}

function chipOf(reply) {
  const chip = element("button", "quick-reply", reply.title);
  chip.type = "button";
  chip.dataset.payload = reply.payload;
  chip.addEventListener("click", () => { send("tap", reply.title, reply.payload); composer.focus(); });
  return chip;
}

// ---- ticks, typing, trouble

function mark(row, state, line) {
  const bubble = row.querySelector(".bubble"), ticks = row.querySelector(".ticks");
  row.querySelector(".retry")?.remove();
  bubble.classList.toggle("sending", state === "sending");
  row.dataset.state = state;
  ticks.textContent = { sending: " …", sent: " ✓", seen: " ✓✓", failed: "" }[state];
  ticks.title = { sending: "On its way", sent: "Delivered", seen: "Seen", failed: "" }[state];
  if (state === "failed") {
    const retry = element("button", "retry", "Not delivered – tap to try again");
    retry.type = "button";
    retry.addEventListener("click", () => post(row, line));
    row.append(retry);
  }
  if (state === "sent" && Number(row.dataset.at) <= seenMs) mark(row, "seen", line);
}

function seen(atMs) {
  seenMs = Math.max(seenMs, atMs || 0);
  for (const row of log.querySelectorAll('.row.me[data-state="sent"]')) {
    if (Number(row.dataset.at) <= seenMs) mark(row, "seen");
  }
}

function showTyping(on) {
  clearTimeout(typingTimer);
  const atEnd = isAtEnd();
  typing.hidden = !on;
  $("presence").textContent = on ? "typing …" : "Automated assistant · simulation";
  if (!on) return;
  typingTimer = setTimeout(() => showTyping(false), TYPING_MS);
  if (atEnd) toEnd();
}

function showTrouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function isAtEnd() {
  return stick;
}

function looksAtEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
}

function toEnd() {
  stick = true;
  scroller.scrollTop = scroller.scrollHeight;
  $("to-end").hidden = true;
}

// ---- sending

function send(kind, text, payload) {
  const id = "p" + Date.now().toString(36) + digits(6);
  const line = { id, who: "me", kind, text: text || "", payload: payload || "", at_ms: Date.now(), delivered: true };
  addLine(line, true);
  post(rowOf(id), line);
}

async function post(row, line) {
  const person = user;
  mark(row, "sending", line);
  let state = "failed", trouble = "";
  try {
    const answer = await fetch("/sim/api/send", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: person, id: line.id, kind: line.kind, text: line.text, payload: line.payload || "" }),
    });
    const result = await answer.json();
    if (result.delivered) state = "sent"; else trouble = result.reason || result.error || "HTTP " + answer.status;
    // The simulator's clock counts, so that "seen" compares like with like.
    if (result.at_ms) row.dataset.at = result.at_ms;
  } catch {
    trouble = "The simulator cannot be reached.";
  }
  if (person !== user) return;
  mark(row, state, line);
  showTrouble(trouble);
  if (trouble) toEnd();
}

function grow() {
  composer.style.height = "auto";
  composer.style.height = composer.scrollHeight + 2 + "px";
}

function sendTyped() {
  const text = composer.value.trim();
  if (!text) return;
  composer.value = "";
  grow();
  send("text", text);
}

// ---- wiring

$("composer-form").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(); composer.focus(); });
composer.addEventListener("input", grow);
composer.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendTyped();
});
$("to-end").addEventListener("click", () => { toEnd(); composer.focus(); });
scroller.addEventListener("scroll", () => { stick = looksAtEnd(); if (stick) $("to-end").hidden = true; });
// A keyboard or chips take room; the last message stays in view.
new ResizeObserver(() => { if (stick) toEnd(); }).observe(scroller);
document.querySelectorAll("[data-send]").forEach((button) => {
  button.addEventListener("click", () => { closeMenus(); send(button.dataset.send); composer.focus(); });
});
document.querySelectorAll(".idea").forEach((idea) => {
  idea.addEventListener("click", () => { send("text", idea.textContent); composer.focus(); });
});
$("new-person").addEventListener("click", () => { closeMenus(); location.hash = "u=8" + digits(15); composer.focus(); });
$("open-help").addEventListener("click", () => { closeMenus(); $("help").showModal(); });
window.addEventListener("hashchange", () => become(personOfAddress()));

function closeMenus() {
  document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
}
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

function showClock() {
  $("clock").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

// Name, greeting, "Get started" and menu, as the bot has set them on its page.
async function showProfile() {
  const profile = await getJson("/sim/api/profile");
  document.querySelectorAll("[data-page-name]").forEach((place) => { place.textContent = profile.name; });
  if (profile.greeting) $("greeting").textContent = profile.greeting;
  if (profile.get_started && !log.querySelector(".row")) {
    $("get-started").hidden = false;
    $("get-started").addEventListener("click", () => { send("postback", "Get started", profile.get_started); composer.focus(); });
  }
  for (const item of profile.menu || []) {
    if (!item.payload) continue;
    const entry = element("button", "", item.title);
    entry.type = "button";
    entry.addEventListener("click", () => { closeMenus(); send("postback", item.title, item.payload); composer.focus(); });
    $("page-menu").append(entry);
    $("page-menu").hidden = false;
  }
}

showClock();
setInterval(showClock, 10000);
become(personOfAddress());
showProfile().catch(() => {});
if (matchMedia("(hover: hover)").matches) composer.focus();
