// The worker thread that writes small blobs.

import { parentPort } from 'node:worker_threads'
import { writeGroup } from './write-group.ts'
import type { Group } from './write-small.ts'

parentPort?.on('message', (group: Group) => parentPort?.postMessage(writeGroup(group)))
