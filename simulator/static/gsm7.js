/** The length of a text: GSM 03.38 septets, or UCS-2 code units for any other alphabet. */

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("^{}\\[~]|€\f");

/** { used, single, parts }: units used, units that fit in one message, messages needed. */
export function measure(text) {
  const characters = [...text];
  const isGsm7 = characters.every((character) => BASIC.has(character) || EXTENDED.has(character));
  const used = isGsm7
    ? characters.length + characters.filter((character) => EXTENDED.has(character)).length
    : text.length;
  const [single, joined] = isGsm7 ? [160, 153] : [70, 67];
  return { used, single, parts: used <= single ? 1 : Math.ceil(used / joined) };
}
