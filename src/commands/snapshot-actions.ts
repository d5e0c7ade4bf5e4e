/** What can be done with snapshots. */
export const snapshotActions = ['create', 'list', 'show', 'diff', 'rollback', 'release', 'rm'] as const
export type SnapshotAction = (typeof snapshotActions)[number]
