/** UsernameCaseMapped: RFC 8265 §3.3. */
export function prepareUsername(text: string): string {
  return text.toLowerCase().normalize('NFC');
}

/** OpaqueString: RFC 8265 §4.2. */
export function prepareOpaque(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/** Nickname: RFC 8266 §2. */
export function prepareNickname(text: string): string {
  return text.replace(/\p{Zs}+/gu, ' ').trim().toLowerCase().normalize('NFKC');
}
