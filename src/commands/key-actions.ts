// What `keys` can do, apart from doing it: the command line checks its arguments by this.
export const keyActions = ['create', 'list', 'show', 'trust', 'untrust'] as const
export type KeyAction = (typeof keyActions)[number]
