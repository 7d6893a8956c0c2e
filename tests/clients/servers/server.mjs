// What app servers share. The test names an instance and its port, reads that it listens, and ends it; it also ends with the
// test, whose end of standard input it holds.

export const [name, port] = [process.argv[2], Number(process.argv[3])]

export function listen(server) {
  server.listen(port, '127.0.0.1', () => {
    process.stdout.write(JSON.stringify({ listening: server.address().port }) + '\n')
  })
  process.stdin.on('end', () => process.exit(0)).resume()
}
