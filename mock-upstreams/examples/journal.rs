//! Starts blue and green, sends blue one request, and prints what arrived where.
//!
//! ```sh
//! cargo run --example journal
//! ```

use std::time::Duration;

use mock_upstreams::{AppServer, Journal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (blue, green) = AppServer::start_pair().await?;

    let mut connection = TcpStream::connect(blue.address()).await?;
    let request = "POST /api/items HTTP/1.1\r\nHost: app\r\nX-Request-Id: 1\r\nContent-Length: 14\r\n\
                   Connection: close\r\n\r\n{\"name\":\"tea\"}";
    connection.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    connection.read_to_string(&mut response).await?;
    println!("{response}\n");

    // The journal knows of the end of a connection a moment after the client does.
    blue.wait_for(Duration::from_secs(5), |journal: &Journal| journal.open_connections() == 0).await?;
    print!("{}{}", blue.journal(), green.journal());
    Ok(())
}
