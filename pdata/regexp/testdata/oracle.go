// Answers what Go's regexp package makes of patterns: a JSON case a line in, an answer a line out.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
)

type question struct {
	Pattern  string   `json:"pattern"`
	Texts    []string `json:"texts"`
	Template string   `json:"template"`
}

type found struct {
	Matches  [][]*string `json:"matches"`
	Replaced string      `json:"replaced"`
}

type answer struct {
	Error string   `json:"error,omitempty"`
	Names []string `json:"names,omitempty"`
	Found []found  `json:"found,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		re, err := regexp.Compile(q.Pattern)
		if err != nil {
			enc.Encode(answer{Error: err.Error()})
			continue
		}
		a := answer{Names: re.SubexpNames()[1:]}
		for _, text := range q.Texts {
			f := found{Matches: [][]*string{}, Replaced: re.ReplaceAllString(text, q.Template)}
			for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
				groups := []*string{}
				for i := 0; i < len(at); i += 2 {
					if at[i] < 0 {
						groups = append(groups, nil)
						continue
					}
					s := text[at[i]:at[i+1]]
					groups = append(groups, &s)
				}
				f.Matches = append(f.Matches, groups)
			}
			a.Found = append(a.Found, f)
		}
		enc.Encode(a)
	}
}
