/** The page: the selected person, the phone's menus, and what arrives from the network. */

import { el, get } from "./api.js";
import { Device } from "./device.js";
import { Handset } from "./handset.js";
import { Messages } from "./messages.js";
import { MobileMoney } from "./mobile_money.js";
import { UssdSession, parseDialled } from "./ussd_session.js";
import { list, notice } from "./views.js";

const ROLES = { customer: "", agent: "agent", stranger: "no account" };
const network = await get("network");
const handset = new Handset(document.getElementById("handset"));
const messages = new Messages(handset, typeToken, isSerial);
const mobileMoney = new MobileMoney(handset, network);
const devices = new Map();
let people = [];
let person = null;
let session = null;

handset.home = showHome;
document.getElementById("other").addEventListener("submit", (event) => {
  event.preventDefault();
  const msisdn = document.getElementById("other-number").value.replace(/[^\d+]/g, "");
  if (/^\+?[1-9]\d{7,14}$/.test(msisdn)) selectPerson({ name: "", msisdn: `+${msisdn.replace("+", "")}`, role: "stranger", devices: [] });
});
addEventListener("pagehide", () => session?.postEnd("Incomplete"));

function showHome() {
  const unread = messages.unreadCount;
  const now = new Date();
  const body = el("div", { class: "idle" },
    el("div", { class: "time" }, now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })),
    el("div", { class: "faint" }, now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })),
    el("div", { class: "who" }, person.name || person.msisdn),
    el("div", { class: unread ? "note" : "faint" }, unread ? `${unread} new ${unread === 1 ? "text" : "texts"}` : `Dial ${network.service_code}`));
  handset.show({ home: true, body, left: { label: "Menu", run: showMenu }, right: { label: unread ? "Read" : "Texts", run: () => messages.showInbox() },
    keys: (key) => /^[0-9*#]$/.test(key) ? (showDialler(key), true) : key === "call" && (showDialler(network.service_code), true) });
}

function showMenu() {
  handset.show(list("Menu", [
    { label: `Dial ${network.service_code}`, run: () => call(network.service_code) },
    { label: `Messages${messages.unreadCount ? ` (${messages.unreadCount})` : ""}`, run: () => messages.showInbox() },
    { label: "Write a text", run: () => messages.showEditor(network.sms_shortcode) },
    { label: "Mobile money", run: () => mobileMoney.showMenu() },
  ], showHome));
}

const isInSession = () => session !== null && !session.ended;

function showDialler(start) {
  const input = el("input", { class: "dialled", value: start, inputmode: "tel", "aria-label": "Number to dial", autocomplete: "off" });
  const shrinkLong = () => input.classList.toggle("long", input.value.length > 18);
  input.addEventListener("input", shrinkLong);
  shrinkLong();
  handset.show({ body: input, input, left: { label: "Call", run: () => call(input.value.trim()) },
    right: { label: "Clear", run: () => input.value ? (input.value = input.value.slice(0, -1), input.focus()) : showHome() } });
  input.setSelectionRange(start.length, start.length);
}

function call(code) {
  const dialled = parseDialled(code, network.service_code);
  if (!dialled) return handset.show(notice("", "Connection problem or invalid MMI code.", showHome));
  session = new UssdSession(network, person.msisdn, handset, () => { session = null; showHome(); pollNetwork(); });
  session.start(dialled.text);
}

/** Serial numbers look like tokens, and receipts contain them. */
function isSerial(number) {
  return people.some((known) => known.devices.some((device) => device.serial === number));
}

/** Type a token on the device that the message names, else on the person's first device. */
function typeToken(token, text) {
  const named = [...devices.values()].find((device) => text.replace(/[\s-]/g, "").includes(device.serial));
  (named ?? devices.values().next().value)?.type(token);
}

function selectPerson(selected) {
  session?.postEnd("Incomplete");
  session = null;
  person = selected;
  location.hash = selected.msisdn;
  messages.usePhone(person.msisdn, showHome);
  mobileMoney.usePhone(person.msisdn, showHome);
  devices.clear();
  renderPeople();
  renderDevices();
  showHome();
  pollNetwork();
}

function renderPeople() {
  document.getElementById("cast").replaceChildren(...people.map((listed) => el("li", {},
    el("button", { "aria-pressed": String(listed.msisdn === person?.msisdn), onclick: () => selectPerson(listed) },
      el("span", { class: "face", "aria-hidden": "true" }, listed.name.split(" ").map((part) => part[0]).join("").slice(0, 2)),
      el("span", { class: "name" }, listed.name), el("span", { class: "role" }, ROLES[listed.role] ?? listed.role),
      el("span", { class: "detail" }, ...[listed.msisdn, listed.language, listed.pin && `PIN ${listed.pin}`].filter(Boolean).map((part) => el("span", {}, part)))))));
}

function renderDevices() {
  for (const { serial, kind } of person.devices) {
    if (!devices.has(serial)) devices.set(serial, new Device({ serial, kind }));
  }
  const none = el("p", { class: "none" }, `${person.name || person.msisdn} has no device. Anyone can pay for another person's device by its serial number.`);
  const cards = [...devices.values()].map((device) => device.root);
  document.getElementById("devices").replaceChildren(...(cards.length ? cards : [none]));
  renderHints();
}

function renderHints() {
  const serial = person.devices[0]?.serial ?? people.find((listed) => listed.devices.length)?.devices[0].serial;
  const stem = network.service_code.replace(/#$/, "");
  const code = (digits) => el("button", { onclick: () => isInSession() || showDialler(digits) }, digits);
  const hints = [["Dial", code(network.service_code)],
    ...(serial ? [["In one go", code(`${stem}*1*${serial}*500#`)]] : []),
    ["Pay bill", network.paybill], ["Mobile money PIN", "1234"]];
  document.getElementById("hints").replaceChildren(...hints.map(([term, detail]) => el("div", {}, el("dt", {}, term), el("dd", {}, detail))));
}

/** Fetch messages and payment prompts. A new prompt is shown at once unless a session is open. */
async function pollNetwork() {
  const { msisdn } = person;
  const [received, prompts] = await Promise.all([get(`${msisdn}/messages`), get(`${msisdn}/prompts`)]);
  if (msisdn !== person.msisdn) return;
  const arrived = messages.update(received);
  handset.showAlerts(`${messages.unreadCount ? `✉ ${messages.unreadCount}` : ""}${prompts.length ? `  ${network.currency}` : ""}`);
  const prompt = mobileMoney.update(prompts);
  if (prompt && !isInSession()) mobileMoney.showPrompt(prompt);
  else if (arrived && handset.view.home) showHome();
}

async function refreshCast() {
  people = await get("cast");
  const known = people.find((listed) => listed.msisdn === person?.msisdn);
  const changed = known && JSON.stringify(known.devices) !== JSON.stringify(person.devices);
  if (known) person = known;
  renderPeople();
  if (changed) renderDevices();
}

people = await get("cast");
selectPerson(people.find((listed) => listed.msisdn === location.hash.slice(1)) ?? people[0]);
document.getElementById("operator").textContent = `${network.operator}. The phone, the networks and the devices are simulated; the gateway is real.`;
const whileVisible = (run) => () => document.hidden || run().catch(() => {});
setInterval(whileVisible(pollNetwork), 1000);
setInterval(whileVisible(refreshCast), 5000);
