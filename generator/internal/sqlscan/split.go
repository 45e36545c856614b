package sqlscan

// Statement is one statement of a script, without what is around it: white space,
// comments and the semicolon.
type Statement struct {
	Text   string
	Offset int // of the first byte, in the script
}

// Split cuts a script at its semicolons. Those in a routine body, from BEGIN to its
// END, do not count; a piece without tokens is dropped. Client commands (DELIMITER,
// GO, \connect) are not known.
func Split(d Dialect, script string) []Statement {
	var statements []Statement
	tokens := Significant(Scan(d, script))
	for len(tokens) > 0 {
		n := statementLength(tokens)
		if n > 0 {
			from, to := tokens[0].Offset, tokens[n-1].End()
			statements = append(statements, Statement{Text: script[from:to], Offset: from})
		}
		tokens = tokens[min(n+1, len(tokens)):]
	}
	return statements
}

// Significant returns tokens without the comments.
func Significant(tokens []Token) []Token {
	var kept []Token
	for _, t := range tokens {
		if t.Kind != Comment {
			kept = append(kept, t)
		}
	}
	return kept
}

// statementLength returns how many tokens stand before the semicolon that ends the
// first statement.
func statementLength(tokens []Token) int {
	routine := createsRoutine(tokens)
	depth := 0
	for i, t := range tokens {
		switch {
		case t.Is(";") && depth <= 0:
			return i
		case routine:
			depth += blockDepth(tokens, i)
		}
	}
	return len(tokens)
}

// createsRoutine tells whether the statement is a CREATE of something with a body.
// The noun stands a few words behind: CREATE OR REPLACE DEFINER = u@h PROCEDURE.
func createsRoutine(tokens []Token) bool {
	if !tokens[0].Is("CREATE", "ALTER") {
		return false
	}
	for _, t := range tokens[1:min(len(tokens), 12)] {
		switch {
		case t.Is("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"):
			return true
		case t.Is("TABLE", "VIEW", "INDEX", ";"):
			return false
		}
	}
	return false
}

// blockDepth returns by how much token i opens (1) or closes (-1) blocks. END IF and
// its like close what was not counted; END CASE closes CASE, as END does.
func blockDepth(tokens []Token, i int) int {
	ends := i > 0 && tokens[i-1].Is("END")
	switch t := tokens[i]; {
	case t.Is("BEGIN"), t.Is("CASE") && !ends:
		return 1
	case t.Is("IF", "LOOP", "WHILE", "REPEAT", "FOR") && ends:
		return 1 // takes back what its END took off
	case t.Is("END"):
		return -1
	}
	return 0
}

// Match returns the index of the parenthesis or bracket that closes or opens the one
// at tokens[i]; -1 when there is none, or tokens[i] is no parenthesis.
func Match(tokens []Token, i int) int {
	opening, closing, step := "(", ")", 1
	switch t := tokens[i]; {
	case t.Is("["):
		opening, closing = "[", "]"
	case t.Is(")"):
		opening, closing, step = ")", "(", -1
	case t.Is("]"):
		opening, closing, step = "]", "[", -1
	case !t.Is("("):
		return -1
	}
	depth := 0
	for ; i >= 0 && i < len(tokens); i += step {
		switch t := tokens[i]; {
		case t.Is(opening):
			depth++
		case t.Is(closing):
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}
