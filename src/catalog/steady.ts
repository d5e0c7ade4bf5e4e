// Statements that are planned once. This build of SQLite was made with SQLITE_ENABLE_STAT4: a comparison with a bare parameter
// may then be planned by its value, and the statement is compiled anew whenever another value is bound, which takes ten times
// as long as a look-up. https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigenableqpsg

/** The value of an operand with a plus in front is itself, and none of the planner's business. */
const compared = /(=|<|>) (?=[?@])/g

/** The columns of a place, in one comparison: `(repo, path) > (?, ?)`. */
const places = /(=|<|>) \(((?:[?@]\w*(?:, )?)+)\)/g

/** The same statement, of which no plan depends on what is bound. */
export const steady = (sql: string): string =>
  sql
    .replace(compared, '$1 +')
    .replace(places, (_, operator: string, values: string) => `${operator} (${values.replaceAll(/[?@]/g, '+$&')})`)
