/// The schema's history: plain SQL files, embedded in the binary, applied in order, frozen once released.
public struct Migration: Sendable {
    /// The file's name without `.sql`; recorded in the database as applied.
    public let identifier: String
    /// The file's text: one or more SQL statements, applied in one transaction.
    public let sql: String

    /// All of them, oldest first. A test compares this list with the folder.
    public static let all: [Migration] = [
        Migration("0001_create_tables", PackageResources._001_create_tables_sql),
        Migration("0002_create_views", PackageResources._002_create_views_sql),
        Migration("0003_open_totals", PackageResources._003_open_totals_sql),
        Migration("0004_key_generations", PackageResources._004_key_generations_sql),
        Migration("0005_lasting_places", PackageResources._005_lasting_places_sql),
        Migration("0006_running_hashes", PackageResources._006_running_hashes_sql),
        Migration("0007_operator_views", PackageResources._007_operator_views_sql),
        Migration("0008_traffic", PackageResources._008_traffic_sql),
    ]

    private init(_ identifier: String, _ text: [UInt8]) {
        self.identifier = identifier
        sql = String(decoding: text, as: UTF8.self)
    }
}
