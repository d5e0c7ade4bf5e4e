// Globs among the options of a repository.

import * as v from 'valibot'
import { compileGlob } from '../formats/glob.ts'

/** A glob, refused with its own words where it is none. */
export const globOption = v.pipe(
  v.string(),
  v.minLength(1),
  v.rawCheck(({ dataset, addIssue }) => {
    try {
      if (dataset.typed) compileGlob(dataset.value)
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : String(error) })
    }
  }),
)
