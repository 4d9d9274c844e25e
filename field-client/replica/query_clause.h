/*
 * What a selection is in SQL: FROM and WHERE, ORDER BY, and the values bound in them. For query_select.c.
 *
 * Words are looked for by LIKE in every row: no index has to be kept, and the shortest Chinese words are found. References are first
 * looked up by the label once for all rows. In 50,000 parts a search that finds nothing takes 17 ms of an agent's processor time, one that is
 * sorted and counted 36 ms (release build, all of it in memory).
 */
#ifndef CS_REPLICA_QUERY_CLAUSE_H
#define CS_REPLICA_QUERY_CLAUSE_H

#include "field-client/replica/query_select.h"

#define CS_QUERY_SQL_MAX (256 * CS_KIBI)

struct cs_query_clause {
    struct cs_replica *replica;
    const struct cs_entity *entity;
    struct cs_arena *arena; /* of the values */
    struct cs_buffer from;  /* " FROM … AS _t WHERE …" */
    struct cs_buffer order; /* " ORDER BY …" */
    struct cs_value bound[CS_QUERY_CONDITIONS_MAX + CS_QUERY_WORDS_MAX]; /* ?1 … */
    size_t bound_count;
};

void cs_query_clause_init(struct cs_query_clause *clause, struct cs_replica *replica,
                          const struct cs_entity *entity, struct cs_arena *arena);
void cs_query_clause_release(struct cs_query_clause *clause);
/* As cs_query_select fails. */
enum cs_status cs_query_clause_make(struct cs_query_clause *clause,
                                    const struct cs_query_selection *selection,
                                    struct cs_problem *problem) CS_MUST_USE;

#endif
