import Foundation

/// The callbacks received last, in memory: an example needs no database.
actor CallbackLog {
    struct Entry: Encodable {
        let receivedAt: Date
        let webhookId: String?
        var deliveries: Int
        /// nil where no secret is set.
        let verified: Bool?
        /// The JSON as it came.
        let body: Data

        private enum CodingKeys: String, CodingKey {
            case receivedAt, webhookId, deliveries, verified
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(receivedAt, forKey: .receivedAt)
            try container.encode(webhookId, forKey: .webhookId)
            try container.encode(deliveries, forKey: .deliveries)
            try container.encode(verified, forKey: .verified)
        }
    }

    private let capacity: Int
    private var entries: [Entry] = []
    private var failuresLeft: Int

    init(capacity: Int = 1_000, failFirst: Int = 0) {
        self.capacity = capacity
        failuresLeft = failFirst
    }

    /// Notes a delivery, and gives how often this callback has come. One with a wrong signature is never taken for the
    /// genuine one of the same id.
    func record(webhookId: String?, verified: Bool?, body: Data, at now: Date) -> Int {
        let known = entries.lastIndex {
            webhookId != nil && $0.webhookId == webhookId && $0.verified == verified
        }
        if let known {
            entries[known].deliveries += 1
            return entries[known].deliveries
        }
        if entries.count >= capacity { entries.removeFirst(entries.count - capacity + 1) }
        entries.append(
            Entry(receivedAt: now, webhookId: webhookId, deliveries: 1, verified: verified, body: body))
        return 1
    }

    /// Whether this callback is one of those to answer with an error.
    func takeFailure() -> Bool {
        guard failuresLeft > 0 else { return false }
        failuresLeft -= 1
        return true
    }

    /// `{"callbacks":[…]}`, newest last.
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        let items = try entries.map { entry in
            // The body is put in as it came: decoding and encoding it could change its numbers.
            var item = try encoder.encode(entry).dropLast()
            item += Data(#","body":"#.utf8) + entry.body + Data("}".utf8)
            return Data(item)
        }
        return Data(#"{"callbacks":["#.utf8) + Data(items.joined(separator: Data(",".utf8))) + Data("]}".utf8)
    }
}
