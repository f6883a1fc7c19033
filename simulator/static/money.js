/** Mobile money: paying by paybill, and the prompts that a business sends to the phone. */

import { el, post } from "./api.js";
import { form, list, notice } from "./views.js";

const REASONS = {
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

export class Money {
  constructor(handset, network) {
    Object.assign(this, { handset, network });
    this.prompts = [];
  }

  of(msisdn, home) {
    Object.assign(this, { msisdn, home, prompts: [], seen: new Set() });
  }

  /** New list from the network; returns the first prompt that has not been on the screen yet. */
  update(prompts) {
    this.prompts = prompts;
    return prompts.find((prompt) => !this.seen.has(prompt.id));
  }

  menu() {
    this.handset.show(list("Mobile money", [
      { label: "Pay bill", note: `Business ${this.network.paybill}, ${this.network.operator}`, run: () => this.paybill() },
      ...this.prompts.map((prompt) => ({
        label: `Approve ${this.network.currency} ${prompt.amount}`, note: `For account ${prompt.account}`, run: () => this.ask(prompt),
      })),
      { label: "Pay bill without validation", note: "As where the business cannot refuse", run: () => this.paybill({ validated: false }) },
    ], this.home));
  }

  paybill(values = {}) {
    this.handset.show(form(`Pay bill ${this.network.paybill}`, [
      { name: "account", label: "Account (serial number)", value: values.account ?? "", maxlength: 20 },
      { name: "amount", label: `Amount, ${this.network.currency}`, value: values.amount ?? "", inputmode: "decimal", maxlength: 12 },
    ], (typed) => this.confirm({ ...values, ...typed }), () => this.menu(), "", "Next"));
  }

  confirm(values) {
    const { account, amount } = values;
    const words = `Pay ${this.network.currency} ${amount} to ${this.network.operator} for account ${account}`;
    const pin = { name: "pin", label: "PIN", type: "password", inputmode: "numeric", maxlength: 4 };
    this.handset.show(form("Confirm", [pin], ({ pin }) => this.pay(values, pin), () => this.paybill(values), words));
  }

  async pay(values, pin) {
    if (pin !== "1234") return this.tell("Wrong PIN.");
    await this.settle(`${this.msisdn}/paybill`, values);
  }

  /** The prompt takes the screen and asks for the PIN. */
  ask(prompt) {
    this.seen.add(prompt.id);
    const words = `Do you want to pay ${this.network.currency} ${prompt.amount} to ${this.network.operator}, account ${prompt.account}?`;
    const path = `${this.msisdn}/prompts/${prompt.id}`;
    const pin = { name: "pin", label: "Enter mobile money PIN", type: "password", inputmode: "numeric", maxlength: 4 };
    this.handset.show(form("Payment request", [pin], (typed) => this.settle(path, { pin: typed.pin }),
      () => this.settle(path, { cancel: true }), words));
  }

  async settle(path, body) {
    this.tell("Processing…");
    try {
      const { accepted, code, receipt } = await post(path, body);
      this.tell(accepted ? `Paid. Receipt ${receipt}` : `${REASONS[code] ?? "Not accepted."} (${code})`);
    } catch (error) {
      this.tell(error.message);
    }
  }

  tell(words) {
    this.handset.show(notice("Mobile money", el("div", { class: "text" }, words), this.home));
  }
}
