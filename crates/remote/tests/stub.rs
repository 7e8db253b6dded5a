//! A server that answers by a script and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Answers.
    Http { status: u16, headers: Vec<(&'static str, &'static str)>, body: String },
    /// Takes the request and says nothing for longer than any test waits.
    Hang,
    /// Takes the request and closes the connection.
    Close,
    /// Begins a 200 without a length, and then says nothing for longer than any test waits.
    Stall { headers: Vec<(&'static str, &'static str)>, begin: String },
    /// Begins to answer with this status and closes in the middle of the body.
    Cut { status: u16, half: String },
}

/// An answer with a JSON body.
pub fn json(status: u16, body: &Value) -> Reply {
    Reply::Http { status, headers: Vec::new(), body: body.to_string() }
}

/// An answer with any body.
pub fn text(status: u16, body: &str) -> Reply {
    Reply::Http { status, headers: Vec::new(), body: body.to_owned() }
}

impl Reply {
    /// The same answer with another header.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.push((name, value));
        }
        self
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

/// The server.
pub struct Stub {
    /// Its address, without a slash at the end.
    pub url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    /// Gives these replies one after the other, and the last one for ever.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
                let (reply, seen) = (reply.unwrap(), Arc::clone(&seen));
                thread::spawn(move || serve(stream.unwrap(), &reply, &seen));
            }
        });
        Self { url, asked }
    }

    /// What was asked until now.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// The only request.
    pub fn the_request(&self) -> Request {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(stream: TcpStream, reply: &Reply, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    seen.lock().unwrap().push(read(&mut reader));
    let mut stream = reader.into_inner();
    let answer = match reply {
        Reply::Hang => return thread::sleep(Duration::from_mins(1)),
        Reply::Close => return,
        Reply::Stall { headers, begin } => {
            let headers: String =
                headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{headers}\r\n{begin}").as_bytes());
            return thread::sleep(Duration::from_mins(1));
        }
        Reply::Cut { status, half } => head(*status, half.len() * 2, &[]) + half,
        Reply::Http { status, headers, body } => head(*status, body.len(), headers) + body,
    };
    // The caller may have gone.
    let _ = stream.write_all(answer.as_bytes());
}

fn head(status: u16, length: usize, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
    format!("HTTP/1.1 {status} Reply\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n")
}

fn read(reader: &mut impl BufRead) -> Request {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut headers = BTreeMap::new();
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}
