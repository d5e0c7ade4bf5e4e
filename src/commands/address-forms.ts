/** How `seed --addresses` prints: apart, so that the command line can list them without loading what a seeding takes. */
export const addressForms = ['text', 'sed'] as const
export type AddressForm = (typeof addressForms)[number]
