/** The page: whose phone it is, what the phone can do, and what arrives from the network. */

import { el, get } from "./api.js";
import { Device } from "./device.js";
import { Handset } from "./handset.js";
import { Money } from "./money.js";
import { Texts } from "./texts.js";
import { UssdSession, dialled } from "./ussd.js";
import { list, notice } from "./views.js";

const ROLES = { customer: "", agent: "agent", stranger: "no account" };
const network = await get("network");
const handset = new Handset(document.getElementById("handset"));
const texts = new Texts(handset, typeToken, isSerial);
const money = new Money(handset, network);
const devices = new Map();
let people = [];
let person = null;
let session = null;

handset.home = home;
document.getElementById("other").addEventListener("submit", (event) => {
  event.preventDefault();
  const msisdn = document.getElementById("other-number").value.replace(/[^\d+]/g, "");
  if (/^\+?[1-9]\d{7,14}$/.test(msisdn)) pick({ name: "", msisdn: `+${msisdn.replace("+", "")}`, role: "stranger", devices: [] });
});
addEventListener("pagehide", () => session?.finish("Incomplete"));

function home() {
  const unread = texts.unread;
  const now = new Date();
  const body = el("div", { class: "idle" },
    el("div", { class: "time" }, now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })),
    el("div", { class: "faint" }, now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })),
    el("div", { class: "who" }, person.name || person.msisdn),
    el("div", { class: unread ? "note" : "faint" }, unread ? `${unread} new ${unread === 1 ? "text" : "texts"}` : `Dial ${network.service_code}`));
  handset.show({ home: true, body, left: { label: "Menu", run: menu }, right: { label: unread ? "Read" : "Texts", run: () => texts.inbox() },
    keys: (key) => /^[0-9*#]$/.test(key) ? (dial(key), true) : key === "call" && (dial(network.service_code), true) });
}

function menu() {
  handset.show(list("Menu", [
    { label: `Dial ${network.service_code}`, run: () => call(network.service_code) },
    { label: `Messages${texts.unread ? ` (${texts.unread})` : ""}`, run: () => texts.inbox() },
    { label: "Write a text", run: () => texts.compose(network.sms_shortcode) },
    { label: "Mobile money", run: () => money.menu() },
  ], home));
}

const busy = () => session !== null && !session.ended;

function dial(start) {
  const input = el("input", { class: "dialled", value: start, inputmode: "tel", "aria-label": "Number to dial", autocomplete: "off" });
  const fit = () => input.classList.toggle("long", input.value.length > 18);
  input.addEventListener("input", fit);
  fit();
  handset.show({ body: input, input, left: { label: "Call", run: () => call(input.value.trim()) },
    right: { label: "Clear", run: () => input.value ? (input.value = input.value.slice(0, -1), input.focus()) : home() } });
  input.setSelectionRange(start.length, start.length);
}

function call(code) {
  const ours = dialled(code, network.service_code);
  if (!ours) return handset.show(notice("", "Connection problem or invalid MMI code.", home));
  session = new UssdSession(network, person.msisdn, handset, () => { session = null; home(); arrivals(); });
  session.start(ours.text);
}

/** Serial numbers look like tokens, and receipts name them. */
function isSerial(code) {
  return people.some((one) => one.devices.some((device) => device.serial === code));
}

/** A token in a text: typed on the device the text names, else on the person's first one. */
function typeToken(code, text) {
  const named = [...devices.values()].find((device) => text.replace(/[\s-]/g, "").includes(device.serial));
  (named ?? devices.values().next().value)?.type(code);
}

function pick(chosen) {
  session?.finish("Incomplete");
  session = null;
  person = chosen;
  location.hash = chosen.msisdn;
  texts.of(person.msisdn, home);
  money.of(person.msisdn, home);
  devices.clear();
  paintPeople();
  paintDevices();
  home();
  arrivals();
}

function paintPeople() {
  document.getElementById("cast").replaceChildren(...people.map((one) => el("li", {},
    el("button", { "aria-pressed": String(one.msisdn === person?.msisdn), onclick: () => pick(one) },
      el("span", { class: "face", "aria-hidden": "true" }, one.name.split(" ").map((part) => part[0]).join("").slice(0, 2)),
      el("span", { class: "name" }, one.name), el("span", { class: "role" }, ROLES[one.role] ?? one.role),
      el("span", { class: "detail" }, ...[one.msisdn, one.language, one.pin && `PIN ${one.pin}`].filter(Boolean).map((part) => el("span", {}, part)))))));
}

function paintDevices() {
  for (const { serial, kind } of person.devices) {
    if (!devices.has(serial)) devices.set(serial, new Device({ serial, kind }));
  }
  const none = el("p", { class: "none" }, `${person.name || person.msisdn} has no device. Anyone can pay for somebody else's by its serial number.`);
  const cards = [...devices.values()].map((device) => device.root);
  document.getElementById("devices").replaceChildren(...(cards.length ? cards : [none]));
  paintHints();
}

function paintHints() {
  const serial = person.devices[0]?.serial ?? people.find((one) => one.devices.length)?.devices[0].serial;
  const stem = network.service_code.replace(/#$/, "");
  const code = (digits) => el("button", { onclick: () => busy() || dial(digits) }, digits);
  const hints = [["Dial", code(network.service_code)],
    ...(serial ? [["In one go", code(`${stem}*1*${serial}*500#`)]] : []),
    ["Pay bill", network.paybill], ["Mobile money PIN", "1234"]];
  document.getElementById("hints").replaceChildren(...hints.map(([term, words]) => el("div", {}, el("dt", {}, term), el("dd", {}, words))));
}

/** What the network brought: texts and payment prompts; a new prompt takes the screen. */
async function arrivals() {
  const { msisdn } = person;
  const [messages, prompts] = await Promise.all([get(`${msisdn}/messages`), get(`${msisdn}/prompts`)]);
  if (msisdn !== person.msisdn) return;
  const arrived = texts.update(messages);
  handset.alerts(`${texts.unread ? `✉ ${texts.unread}` : ""}${prompts.length ? `  ${network.currency}` : ""}`);
  const prompt = money.update(prompts);
  if (prompt && !busy()) money.ask(prompt);
  else if (arrived && handset.view.home) home();
}

async function refreshCast() {
  people = await get("cast");
  const known = people.find((one) => one.msisdn === person?.msisdn);
  const changed = known && JSON.stringify(known.devices) !== JSON.stringify(person.devices);
  if (known) person = known;
  paintPeople();
  if (changed) paintDevices();
}

people = await get("cast");
pick(people.find((one) => one.msisdn === location.hash.slice(1)) ?? people[0]);
document.getElementById("operator").textContent = `${network.operator}. The phone, the networks and the devices are simulated; the gateway is real.`;
const quietly = (run) => () => document.hidden || run().catch(() => {});
setInterval(quietly(arrivals), 1000);
setInterval(quietly(refreshCast), 5000);
