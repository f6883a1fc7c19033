/** Mobile money: paying by paybill, and the payment prompts of a business. */

import { el, post } from "./api.js";
import { form, list, notice } from "./views.js";

const FAILURES = {
  1: "Your balance is too low.",
  3: "That is above the limit of one transaction.",
  1032: "Cancelled.",
  2001: "Wrong PIN.",
  C2B00011: "The business does not take payments from your number.",
  C2B00012: "The account number is not known.",
  C2B00013: "That amount cannot be paid.",
  C2B00014: "The account is closed for payments.",
  C2B00016: "The business did not accept the payment.",
  TIMEOUT: "The business did not answer.",
};

export class MobileMoney {
  constructor(handset, network) {
    Object.assign(this, { handset, network });
    this.prompts = [];
  }

  /** Use the phone with this number. */
  usePhone(msisdn, home) {
    Object.assign(this, { msisdn, home, prompts: [], shown: new Set() });
  }

  /** Take the new list of prompts; returns the first that has not been shown yet. */
  update(prompts) {
    this.prompts = prompts;
    return prompts.find((prompt) => !this.shown.has(prompt.id));
  }

  showMenu() {
    this.handset.show(list("Mobile money", [
      { label: "Pay bill", note: `Business ${this.network.paybill}, ${this.network.operator}`, run: () => this.showPaybill() },
      ...this.prompts.map((prompt) => ({
        label: `Approve ${this.network.currency} ${prompt.amount}`, note: `For account ${prompt.account}`, run: () => this.showPrompt(prompt),
      })),
      { label: "Pay bill without validation", note: "The business is not asked before the payment", run: () => this.showPaybill({ validated: false }) },
    ], this.home));
  }

  showPaybill(values = {}) {
    this.handset.show(form(`Pay bill ${this.network.paybill}`, [
      { name: "account", label: "Account (serial number)", value: values.account ?? "", maxlength: 20 },
      { name: "amount", label: `Amount, ${this.network.currency}`, value: values.amount ?? "", inputmode: "decimal", maxlength: 12 },
    ], (typed) => this.showConfirmation({ ...values, ...typed }), () => this.showMenu(), "", "Next"));
  }

  showConfirmation(values) {
    const { account, amount } = values;
    const text = `Pay ${this.network.currency} ${amount} to ${this.network.operator} for account ${account}`;
    const pin = { name: "pin", label: "PIN", type: "password", inputmode: "numeric", maxlength: 4 };
    this.handset.show(form("Confirm", [pin], ({ pin }) => this.pay(values, pin), () => this.showPaybill(values), text));
  }

  async pay(values, pin) {
    if (pin !== "1234") return this.showNotice("Wrong PIN.");
    await this.send(`${this.msisdn}/paybill`, values);
  }

  /** Show the prompt, which asks for the PIN. */
  showPrompt(prompt) {
    this.shown.add(prompt.id);
    const text = `Do you want to pay ${this.network.currency} ${prompt.amount} to ${this.network.operator}, account ${prompt.account}?`;
    const path = `${this.msisdn}/prompts/${prompt.id}`;
    const pin = { name: "pin", label: "Enter mobile money PIN", type: "password", inputmode: "numeric", maxlength: 4 };
    this.handset.show(form("Payment request", [pin], (typed) => this.send(path, { pin: typed.pin }),
      () => this.send(path, { cancel: true }), text));
  }

  async send(path, body) {
    this.showNotice("Processing…");
    try {
      const { accepted, code, receipt } = await post(path, body);
      this.showNotice(accepted ? `Paid. Receipt ${receipt}` : `${FAILURES[code] ?? "Not accepted."} (${code})`);
    } catch (error) {
      this.showNotice(error.message);
    }
  }

  showNotice(text) {
    this.handset.show(notice("Mobile money", el("div", { class: "text" }, text), this.home));
  }
}
