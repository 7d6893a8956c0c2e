// hopcheck's own check of a live site, as it is and with faults.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'

import { ask, check, site } from './checks.mjs'

/// Runs it with this profile. The exit code, and all that was said.
function run(host, profile) {
  const file = `${site.scratch}/profile.toml`
  const connect = `[connect]\naddress = "${host}"\nca-file = "ca.pem"\n\n[limits]\nrequests-per-second = 200\ntimeout = 3\n`
  const url = `https://${site.name}:${host.split(':')[1]}`
  writeFileSync(file, `url = "${url}"\n\n${connect}\n${profile}`)
  return new Promise((resolve) => {
    execFile(site.hopcheck, ['run', '--target', url, '--profile', file], (error, stdout, stderr) => {
      resolve([error?.code ?? 0, stdout + stderr])
    })
  })
}

/// The part of a report that tells of failures.
function failures(said) {
  return new Error(said.slice(Math.max(said.search(/^✗ /m), 0)))
}

/// What a report calls broken, each cause once.
function broken(said) {
  return [...said.matchAll(/^✗ (.*?) {2}\(/gm)].map(([, name]) => name)
}

/// Checks the site as it is, and then with each of these faults: its name, a text of the configuration and what is in its place.
export async function checkLive(profile, faults) {
  await check('as it should be', async () => {
    const [code, said] = await run(site.host, profile)
    if (code !== 0 || !/ \d+ kept/.test(said)) throw failures(said)
    return 'nothing is broken'
  })
  for (const [name, from, to, hint] of faults) {
    const host = await ask('exchange', from, to)
    await check(name, async () => {
      const [code, said] = await run(host, profile)
      const names = broken(said)
      if (code !== 1 || names.length === 0 || !said.includes(hint)) throw failures(said)
      return `broken: ${names.join('; ')}`
    })
  }
}
