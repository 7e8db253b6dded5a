//! What processes have in common, in Redis or Valkey.
//!
//! - [`RedisLink`]: the one connection; while the server is away, asking it costs a microsecond.
//! - [`RedisCache`]: warm states. [`RedisAnswers`]: shared answers, and who asks for all. [`RedisLimits`]: how often a
//!   caller may call.
//!
//! **Architecture invariant:** nothing that correctness needs. A state that is stale meets its version at the commit; an
//! answer is given only under the tag that the store has for it now; a limit falls back to the process's own.
//!
//! | metric | labels | what |
//! |---|---|---|
//! | `redis_up` | | gauge: 1 while Redis answers |
//! | `redis_failures_total` | `why`: `slow`, `broken`, `refused` | calls that brought nothing; none while it is away |

mod answers;
mod cache;
mod limits;
mod link;
mod marks;

pub use answers::RedisAnswers;
pub use cache::RedisCache;
pub use limits::RedisLimits;
pub use link::{BadAddress, RedisLink, RedisSettings};
