// A server that speaks MongoDB's protocol, for tests where no real one can be had: mongo-java-server on an H2 file.
//
//   java MongoStandIn PORT FOLDER      serves on 127.0.0.1:PORT, keeps its data in FOLDER, prints "ready"
//   java MongoStandIn PORT FOLDER -    the same, and forgets all of it when it ends
//
// What is changed here, because tests that kill the server lean on it:
// - what was acknowledged is in the file: each command that wrote is committed, whole, before its reply leaves;
// - one command at a time, and replies are copies: the library hands out the very documents that it changes in place;
// - a filter that names all fields of a unique index and more (_id and version) uses that index;
// - dropping database "a" leaves database "ab" alone;
// - every fault has a code, an insert counts what it refused, a missing collection can be dropped, `hello` is known;
// - the version is one that today's drivers accept.

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import de.bwaldvogel.mongo.exception.MongoSilentServerException;
import de.bwaldvogel.mongo.oplog.Oplog;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

public final class MongoStandIn {

    public static void main(String[] arguments) {
        int port = Integer.parseInt(arguments[0]);
        // Without a thread that commits behind our back; space of dead chunks is used again after a second.
        MVStore.Builder builder = new MVStore.Builder().autoCommitDisabled().autoCommitBufferSize(0).cacheSize(64);
        if (arguments.length < 3) {
            builder.fileName(arguments[1] + "/data.mv");
        }
        MVStore store = builder.open();
        store.setRetentionTime(1000);
        Backend backend = new Backend(store);
        backend.version(new Version());
        new MongoServer(backend).bind("127.0.0.1", port);
        System.out.println("ready");
    }

    /** What drivers ask for: 3.9 of the Rust driver wants wire version 9 or more. */
    private static final class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(7, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 21;
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Document> documents(Document of, String field) {
        return (List<Document>) of.getOrDefault(field, List.of());
    }

    /** The library knows no partial index. One that asks only for its own field leaves out what a sparse one does. */
    private static void sparseForPartial(Document index) {
        Document filter = (Document) index.get("partialFilterExpression");
        Document key = (Document) index.get("key");
        if (filter != null && key.size() == 1 && filter.keySet().equals(key.keySet())) {
            index.put("sparse", true);
        }
    }

    /** The library counts documents that it refused. */
    private static Document inserted(Document query, Document reply) {
        List<Document> errors = documents(reply, "writeErrors");
        if (!errors.isEmpty()) {
            boolean ordered = !Boolean.FALSE.equals(query.get("ordered"));
            int sent = documents(query, "documents").size();
            reply.put("n", ordered ? errors.get(0).get("index") : (Object) (sent - errors.size()));
        }
        return reply;
    }

    private static final class Backend extends H2Backend {
        Backend(MVStore store) {
            super(store);
        }

        @Override
        protected MongoDatabase openOrCreateDatabase(String name) {
            return new Database(name);
        }

        @Override
        public synchronized Document handleCommand(Channel channel, String database, String command, Document query) {
            try {
                return answer(channel, database, command, query).cloneDeeply();
            } catch (MongoServerError fault) {
                throw fault;
            } catch (RuntimeException fault) {
                throw new MongoServerError(1, "InternalError", "the stand-in cannot do this: " + fault, fault);
            } finally {
                if (getMvStore().hasUnsavedChanges()) {
                    commit();
                }
            }
        }

        private Document answer(Channel channel, String database, String command, Document query) {
            switch (command) {
                case "hello":
                    return super.handleCommand(channel, database, "ismaster", query).append("isWritablePrimary", true);
                case "createIndexes":
                    documents(query, "indexes").forEach(MongoStandIn::sparseForPartial);
                    return super.handleCommand(channel, database, command, query);
                case "insert":
                    return inserted(query, super.handleCommand(channel, database, command, query));
                case "drop":
                    try {
                        return super.handleCommand(channel, database, command, query);
                    } catch (MongoSilentServerException missing) {
                        return new Document("ok", 1.0);
                    }
                default:
                    return super.handleCommand(channel, database, command, query);
            }
        }

        @Override
        public synchronized QueryResult handleQuery(MongoQuery query) {
            throw new MongoServerError(352, "UnsupportedOpQueryCommand", "commands only");
        }

        // Inner classes on purpose: the library opens collections while its constructors still run.
        private final class Database extends H2Database {
            Database(String name) {
                super(name, getMvStore(), Backend.this.getCursorRegistry());
            }

            @Override
            protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
                String full = getFullCollectionNamespace(name);
                MVMap<Object, Document> data = getMvStore().openMap("databases." + full);
                MVMap<String, Object> meta = getMvStore().openMap("meta." + full);
                return new Collection(this, name, options, data, meta, cursorRegistry);
            }

            /** The library would remove the maps of every database whose name begins with this one's. */
            @Override
            public void drop(Oplog oplog) {
                List<String> names = new ArrayList<>();
                for (String map : getMvStore().getMapNames()) {
                    if (map.startsWith("databases." + databaseName + ".")) {
                        names.add(map.substring("databases.".length() + databaseName.length() + 1));
                    }
                }
                // What the library itself needs to drop the others goes last: indexes, then namespaces.
                names.sort(Comparator.comparing(name -> List.of("system.indexes", "system.namespaces").indexOf(name)));
                for (String name : names) {
                    if (resolveCollection(name, false) != null) {
                        dropCollection(name, oplog);
                    }
                }
            }
        }
    }

    private static final class Collection extends H2Collection {
        Collection(MongoDatabase database, String name, CollectionOptions options, MVMap<Object, Document> data,
                   MVMap<String, Object> meta, CursorRegistry cursors) {
            super(database, name, options, data, meta, cursors);
        }

        @Override
        protected QueryResult queryDocuments(Document query, Document order, int skip, int limit, int batch, Document fields) {
            for (Index<Object> index : getIndexes()) {
                Document part = new Document();
                for (IndexKey key : index.getKeys()) {
                    part.put(key.getKey(), query.get(key.getKey()));
                }
                if (!part.containsValue(null) && index.canHandle(part)) {
                    return matchDocuments(query, index.getPositions(part), order, skip, limit, batch, fields);
                }
            }
            return super.queryDocuments(query, order, skip, limit, batch, fields);
        }
    }
}
