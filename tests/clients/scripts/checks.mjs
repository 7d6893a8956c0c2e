// What the scripts of real clients share: each check is a line of JSON on standard output, and what the proxy or an app
// server should do meanwhile is asked for there, too, and answered on standard input.

import { createInterface } from 'node:readline'

/// What the test says: `host` is where the proxy listens, such as 127.0.0.1:40000, `scratch` a folder that goes with the script.
export const site = JSON.parse(process.argv[2])

/// Milliseconds. Only expires when something is wrong.
const DEADLINE = 30_000

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// Standard output is for the checks; what libraries log goes elsewhere.
console.log = console.error

function say(line) {
  process.stdout.write(JSON.stringify(line) + '\n')
}

/// Has the test do something, such as `ask('stop', 'blue')`.
export async function ask(...words) {
  say({ ask: words })
  const { value, done } = await answers.next()
  if (done) throw new Error('the test has ended')
  const { answer, error } = JSON.parse(value)
  if (error !== undefined) throw new Error(`${words.join(' ')}: ${error}`)
  return answer
}

/// Runs one check. What it returns is what users see, and must be the same through each proxy.
export async function check(name, run) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not come to pass within ${DEADLINE} ms`)), DEADLINE)
  })
  try {
    say({ check: name, saw: String((await Promise.race([run(), late])) ?? '') })
  } catch (error) {
    say({ check: name, failed: String(error?.stack ?? error).slice(0, 2000) })
  } finally {
    clearTimeout(timer)
  }
}

/// Values that are waited for one after the other.
export class Inbox {
  #values = []
  #waiting = []

  put(value) {
    const waits = this.#waiting.shift()
    if (waits) waits(value)
    else this.#values.push(value)
  }

  next() {
    return this.#values.length ? Promise.resolve(this.#values.shift()) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /// The next one that fits.
  async find(fits) {
    for (;;) {
      const value = await this.next()
      if (fits(value)) return value
    }
  }

  async take(count) {
    const taken = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }
}

export function equal(actual, expected) {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value) ?? 'undefined')
  if (left !== right) throw new Error(`expected ${right.slice(0, 500)}, got ${left.slice(0, 500)}`)
}

/// Every byte there is, so often.
export function everyByte(times) {
  return Uint8Array.from({ length: 256 * times }, (_, index) => index % 256)
}

export const KOREAN = '바나나맛 우유 재고: 3개 🍌'

/// Ends the script, whatever its client still holds open.
export function end() {
  process.stdout.write('', () => process.exit(0))
}
