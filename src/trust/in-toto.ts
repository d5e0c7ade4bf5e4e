// in-toto statements: signed claims about files, as they stand in the envelopes of provenance attestations.
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md

import type { Digests } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { isObject } from '../formats/json-object.ts'

/** The type of an envelope's payload. */
export const inTotoType = 'application/vnd.in-toto+json'

export interface Subject {
  readonly name: string
  /** Hex in lower case. */
  readonly digests: Digests
}

export interface Statement {
  readonly subjects: readonly Subject[]
  readonly predicateType: string
  readonly predicate: unknown
}

const types = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']
const mostSubjects = 1024

const malformed = (message: string, cause?: unknown): MirrorError =>
  new MirrorError('BAD_FRAMING', `The in-toto statement ${message}.`, cause === undefined ? {} : { cause })

/** Reads the payload of a verified envelope. Throws BAD_FRAMING when it is no statement of version 0.1 or 1. */
export function readStatement(payload: Uint8Array): Statement {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (cause) {
    throw malformed('is not JSON', cause)
  }
  if (!isObject(json) || !types.includes(String(json._type))) throw malformed('is none of version 0.1 or 1')
  const { subject, predicateType, predicate } = json
  if (!Array.isArray(subject) || subject.length === 0 || subject.length > mostSubjects) {
    throw malformed(`does not speak of 1 to ${mostSubjects} subjects`)
  }
  if (typeof predicateType !== 'string') throw malformed('has no predicate type')
  return { subjects: subject.map(readSubject), predicateType, predicate }
}

function readSubject(subject: unknown): Subject {
  if (!isObject(subject) || !isObject(subject.digest)) throw malformed('has a subject without digests')
  const digests: Record<string, string> = Object.create(null)
  for (const [algorithm, hex] of Object.entries(subject.digest)) {
    if (typeof hex !== 'string') throw malformed('has a digest that is no text')
    digests[algorithm] = hex
  }
  return { name: typeof subject.name === 'string' ? subject.name : '', digests }
}

/** The one subject. Throws BAD_FRAMING when the statement speaks of several, BAD_SIGNATURE when it is not called so. */
export function soleSubject({ subjects }: Statement, named: (name: string) => boolean): Subject {
  const [subject, ...others] = subjects
  if (subject === undefined || others.length > 0) throw malformed('does not speak of exactly one subject')
  if (!named(subject.name)) {
    throw new MirrorError('BAD_SIGNATURE', `The attestation speaks of ${JSON.stringify(subject.name.slice(0, 256))}.`)
  }
  return subject
}

/** Throws WRONG_DIGEST when the subject has another digest, or none of this kind. */
export function mustHave({ digests }: Subject, algorithm: string, hex: string): void {
  if (digests[algorithm] === hex) return
  throw new MirrorError('WRONG_DIGEST', `The attestation states another ${algorithm}, or none.`)
}
