"""What rules alone find in a message: pure functions of its words, and of a clock where they speak of time.

``found`` asks all of them, ``extractor`` reads each message once and lets a model read along (``by_model``). Where a
rule lives; what ends in ``_patterns`` or ``_rules`` holds the words of the module that it is named after:

- promises and reminders: ``promises`` of answers, ``reminders`` of persons, ``promise`` for both; ``evidence`` that
  one was kept (``told_times``, ``things``, ``undone``), ``dropping`` that it is given up
- times: ``due`` (``days``, ``hours``, ``spans``, ``zones``, ``numbers``), ``begins`` for facts
- names: ``names`` (``name_reading``, ``name_spelling``, ``name_after``), by what stands around them ``person_named``
  and ``mind_named``; ``unnamed`` takes one away; ``given_names`` and ``not_names`` are lists
- standing instructions: ``instructions`` (``instruction_forms``), ``matters`` which contradict, ``lifting`` what is
  taken back (``tongues``: languages)
- facts: ``facts`` (``fact_rules``, ``preference_rules``, ``relations``, ``changes``, ``running_out``, ``lives``,
  ``places``, ``organisations``), ``in_passing``; ``idioms`` and ``partings`` say in plain words what is over;
  ``telling`` puts it
  into a sentence
- reading: ``words`` and ``pieces`` of a text, ``clauses``, ``hurried`` for what is written in a hurry, ``dialogue`` for
  whose words they are, ``own_words``, ``condensing``, ``verbs``, ``lexicon``, ``common``, ``language``
"""
