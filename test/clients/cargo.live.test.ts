// Cargo and a real registry behind the mirror.

import { describe, it } from 'node:test'
import { cargo } from '../../src/ecosystems/cargo/index.ts'
import { build } from './cargo-suite.ts'
import { found } from './place.ts'
import { live, realOrigin } from './real.ts'
import { voyage } from './voyage.ts'

const project = {
  dependencies: 'anyhow = "1"\nrand = "0.8"\nserde_json = "1"\n',
  program: 'fn main() -> anyhow::Result<()> { println!("{}", serde_json::json!({ "a": [1] })); Ok(()) }\n',
  printed: '{"a":[1]}\n',
}

const missing = found('cargo') === undefined ? { skip: 'cargo is not on this machine' } : undefined

describe('cargo with real crates', missing ?? (await live(cargo)), () => {
  it('fetches and builds the same through the mirror, offline and exported', async (t) => {
    await voyage(t, realOrigin, build(t, project))
  })
})
