/** Milliseconds of processor time this process has used: unlike the clock's, they do not grow while others are at work. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
