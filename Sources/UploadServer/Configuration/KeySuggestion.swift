/// Finds the key an operator probably meant.
enum KeySuggestion {
    /// The known key nearest to an unknown one, or nil if none is near.
    ///
    /// Letter case is ignored, and a key found at the wrong level (`port` for `server.port`) counts as near.
    static func nearest(to unknown: String, among known: [String]) -> String? {
        let candidates = known.map { (name: $0, distance: distance(from: unknown, to: $0)) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        let tolerance = min(2, lastPart(of: unknown).count / 3)
        return best.distance <= tolerance ? best.name : nil
    }

    /// Whether all of a key, not just its last part, is near a known one.
    static func isAlmost(_ key: String, _ known: String) -> Bool {
        edits(key.lowercased(), known.lowercased()) <= 2
    }

    private static func distance(from unknown: String, to known: String) -> Int {
        min(edits(unknown.lowercased(), known.lowercased()), edits(lastPart(of: unknown), lastPart(of: known)))
    }

    private static func lastPart(of key: String) -> String {
        key.split(separator: ".").last.map { $0.lowercased() } ?? ""
    }

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other.
    private static func edits(_ from: String, _ to: String) -> Int {
        let from = Array(from)
        let to = Array(to)
        var beforeLast: [Int] = []
        var last = Array(0...to.count)
        for i in from.indices {
            var row = [i + 1]
            for j in to.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (from[i] == to[j] ? 0 : 1))
                if i > 0, j > 0, from[i] == to[j - 1], from[i - 1] == to[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[to.count]
    }
}
