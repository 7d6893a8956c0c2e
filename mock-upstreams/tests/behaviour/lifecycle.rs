use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use mock_upstreams::{AppServer, Fault, ReservedPort, StopMode};
use socket2::{Domain, Socket, Type};

use crate::support::{Client, DEADLINE, Outcome, blue, get};

#[tokio::test]
async fn refuses_while_stopped_and_comes_back_on_the_same_port() -> Outcome {
    let blue = blue().await;
    for _ in 0..3 {
        assert_eq!(get(&blue, "/api").await?.status, 200);
        blue.stop().await;
        assert_eq!(get(&blue, "/api").await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(blue.open_connections(), 0);
        blue.restart().await?;
    }
    Ok(())
}

#[tokio::test]
async fn closes_what_is_open_when_stopped() -> Outcome {
    for (mode, end) in [(StopMode::Close, None), (StopMode::Reset, Some(ErrorKind::ConnectionReset))] {
        let blue = blue().await;
        let mut idle = Client::connect(&blue).await?;
        let mut busy = Client::connect(&blue).await?;
        busy.send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n").await?;
        blue.wait_for(DEADLINE, |journal| journal.len() == 1 && journal.open_connections() == 2).await?;
        blue.stop_with(mode).await;
        assert_eq!(idle.rest().await.err().map(|error| error.kind()), end);
        assert_eq!(busy.rest().await.err().map(|error| error.kind()), end);
    }
    Ok(())
}

#[tokio::test]
async fn answers_what_is_under_way_when_it_quits() -> Outcome {
    let blue = blue().await;
    let mut idle = Client::connect(&blue).await?;
    let mut busy = Client::connect(&blue).await?;
    busy.send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    blue.wait_for(DEADLINE, |journal| journal.len() == 1 && journal.open_connections() == 2).await?;
    let quitting = tokio::spawn({
        let blue = blue.clone();
        async move { blue.quit().await }
    });
    assert_eq!(idle.rest().await?, "");
    assert!(TcpStream::connect(blue.address()).is_err());
    blue.release();
    assert_eq!(busy.reply().await?.status, 200);
    quitting.await?;
    blue.restart().await?;
    assert_eq!(get(&blue, "/api").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn goes_with_its_last_handle() -> Outcome {
    let blue = blue().await;
    let address = blue.address();
    let mut open = Client::connect(&blue).await?;
    drop(blue.clone());
    assert_eq!(get(&blue, "/api").await?.status, 200);
    drop(blue);
    open.rest().await?;
    assert!(TcpStream::connect(address).is_err());
    Ok(())
}

#[tokio::test]
async fn refuses_connections_while_the_open_ones_live() -> Outcome {
    let blue = blue().await;
    let mut open = Client::connect(&blue).await?;
    blue.wait_for(DEADLINE, |journal| journal.open_connections() == 1).await?;
    blue.inject(Fault::RefuseConnections);
    assert!(get(&blue, "/api").await.is_err());
    open.send("GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    assert_eq!(open.reply().await?.status, 200);
    blue.heal();
    assert_eq!(get(&blue, "/api").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn closes_only_idle_connections_when_asked() -> Outcome {
    let blue = blue().await;
    let mut idle = Client::connect(&blue).await?;
    idle.send("GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    idle.reply().await?;
    let mut busy = Client::connect(&blue).await?;
    busy.send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    blue.wait_for(DEADLINE, |journal| journal.len() == 2).await?;
    blue.close_idle(StopMode::Close);
    assert_eq!(idle.rest().await?, "");
    blue.release();
    assert_eq!(busy.reply().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn shares_items_between_blue_and_green() -> Outcome {
    let (blue, green) = AppServer::start_pair().await?;
    let post = "POST /api/items HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(crate::support::exchange(&blue, post).await?.header("location"), ["/api/items/1"]);
    assert_eq!(get(&green, "/api/items/1").await?.json()["createdOn"], "blue");
    Ok(())
}

#[test]
fn lets_whoever_binds_as_nginx_does_listen_on_a_reserved_port() -> Outcome {
    let port = ReservedPort::any()?;
    let worker = |reuse_port: bool| -> std::io::Result<TcpListener> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(reuse_port)?;
        socket.bind(&port.address().into())?;
        socket.listen(1)?;
        Ok(socket.into())
    };
    let (one, two) = (worker(true)?, worker(true)?);
    TcpStream::connect(port.address())?;
    drop((one, two));
    let alone = worker(false)?;
    assert_eq!(port.listen().unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(alone);
    assert_eq!(TcpStream::connect(port.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    Ok(())
}
