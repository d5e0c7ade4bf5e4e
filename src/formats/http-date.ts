// Dates of HTTP header fields, in milliseconds since 1970. RFC 9110 §5.6.7: one form is written, three are read.

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const fixed = /^[a-z]{3}, (?<day>\d{2}) (?<month>[a-z]{3}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) gmt$/i
const rfc850 = /^[a-z]{6,9}, (?<day>\d{2})-(?<month>[a-z]{3})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) gmt$/i
const asctime = /^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/i

/** The time that a header field states; undefined when it is not a date. */
export function parseHttpDate(text: string): number | undefined {
  const found = fixed.exec(text) ?? rfc850.exec(text) ?? asctime.exec(text)
  const { day = '', month = '', year = '', time = '' } = found?.groups ?? {}
  const at = months.indexOf(month.toLowerCase())
  if (at < 0) return undefined
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  if (Number(day) < 1 || Number(day) > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined
  return Date.UTC(fullYear(year), at, Number(day), hours, minutes, seconds)
}

/** Two digits mean the century that puts them within 50 years of the turn of 2000, as RFC 6265 §5.1.1 settles it. */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year)
  return Number(year) + (Number(year) >= 70 ? 1900 : 2000)
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`; undefined for a time that has no date. */
export function formatHttpDate(milliseconds: number): string | undefined {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? undefined : date.toUTCString()
}

/** Header fields know whole seconds only. */
export const wholeSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000) * 1000
