// Which network addresses are public: the guard against addresses that hostile documents and redirects choose (SSRF).
// Source: the IANA special-purpose address registries for IPv4 and IPv6, and RFC 4291, 6052, 6598.

import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIPv4, isIPv6, type LookupFunction } from 'node:net'
import { MirrorError } from '../errors.ts'

// Two lists: in one, an IPv4-mapped rule of IPv6 would also match plain IPv4 addresses.
const refused4 = new BlockList()
for (const range of [
  '0.0.0.0/8', // unspecified, "this network"
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, cloud metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]) {
  const [network = '', bits] = range.split('/')
  refused4.addSubnet(network, Number(bits), 'ipv4')
}

// Global unicast is 2000::/3 alone. So loopback, unspecified, unique local, link-local, multicast, IPv4-mapped and
// IPv4-compatible addresses and NAT64 are outside already; what is left to refuse is inside.
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const refused6 = new BlockList()
refused6.addSubnet('2001::', 23, 'ipv6') // protocol assignments, Teredo
refused6.addSubnet('2001:db8::', 32, 'ipv6') // documentation
refused6.addSubnet('2002::', 16, 'ipv6') // 6to4
refused6.addSubnet('3fff::', 20, 'ipv6') // documentation

/** Is it an address of the public internet? Anything that is not plainly one is not. */
export function isPublic(address: string): boolean {
  if (isIPv4(address)) return !refused4.check(address, 'ipv4')
  if (!isIPv6(address) || address.includes('%')) return false
  return global6.check(address, 'ipv6') && !refused6.check(address, 'ipv6')
}

/**
 * A lookup that answers with public addresses or not at all: HOST_REFUSED if any address of the name is not public.
 * The connection goes to the very addresses that were checked, so a name that changes its answer gains nothing.
 */
export function publicLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '')
      const addresses = Array.isArray(found) ? found : []
      const [first] = addresses
      if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
        return callback(notPublic(hostname), '')
      }
      if (options.all === true) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

/** The refusal of a host whose address is not public; it does not tell the address. */
export const notPublic = (host: string, hint?: string): MirrorError =>
  new MirrorError('HOST_REFUSED', `${host} has an address that is not public`, { host, hint })
