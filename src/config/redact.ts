// Text for people, with the secret that an address may carry taken out.

/** `http://user:password@host` as `http://***@host`. */
export const redact = (text: string): string => text.replace(/:\/\/[^/@\s]{1,500}@/g, '://***@')
