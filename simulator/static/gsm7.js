/** Length of a text as the network counts it: GSM 03.38 septets, or UCS-2 outside that alphabet. */

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("^{}\\[~]|€\f");

/** { used, single, parts }: units used, how many fit one message, messages needed. */
export function measure(text) {
  const characters = [...text];
  const gsm = characters.every((c) => BASIC.has(c) || EXTENDED.has(c));
  const used = gsm
    ? characters.length + characters.filter((c) => EXTENDED.has(c)).length
    : text.length;
  const [single, joined] = gsm ? [160, 153] : [70, 67];
  return { used, single, parts: used <= single ? 1 : Math.ceil(used / joined) };
}
