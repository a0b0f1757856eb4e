import Foundation
import Testing

/// `scripts/fuzz` and `scripts/micro` each build a package of their own, from links into this one.
@Suite struct LinkedPackageTests {
    private static let names = ["Fuzz", "Micro"]
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Not those with traits: only what such a package alone needs has any.
    private func dependencies(_ manifest: String) throws -> [Substring] {
        try String(contentsOf: Self.root.appending(path: manifest), encoding: .utf8)
            .matches(of: /\.package\(url: "[^"]+", exact: "[^"]+"\)/).map(\.output)
    }

    @Test(arguments: names) func itsLibrariesAreThoseOfTheServer(name: String) throws {
        let own = try dependencies("Tests/\(name)/Package.swift")
        #expect(!own.isEmpty)
        #expect(Set(own).isSubset(of: try dependencies("Package.swift")))
    }

    @Test(arguments: names) func itsLinksLeadSomewhere(name: String) throws {
        let folder = Self.root.appending(path: "Tests/\(name)")
        let paths = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }
        let links = try paths.filter { path in
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: path).path)
            return attributes[.type] as? FileAttributeType == .typeSymbolicLink
        }
        #expect(!links.isEmpty)
        for link in links {
            // Follows the link.
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: link).path), "\(link)")
        }
    }
}
